import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomInt,
  sign,
} from 'node:crypto';
import { initializeCA, initializeCTLog, initializeTLog, initializeTSA } from '@sigstore/mock';
import { type Content, type Image, makeArtifact } from './images.ts';
import {
  authority,
  base64,
  bytes,
  hashOf,
  type LogEntry,
  logInstance,
  pemCertificate,
  protoEntry,
  type TestLogEntry,
} from './sigstore-parts.ts';

// A certificate authority, a certificate transparency log, a transparency log and a timestamp authority of the tests' own,
// and signatures as cosign 2 and 3 write them.

const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SIMPLE_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
const LOG_URL = 'https://rekor.example.org';
const SHA256_OID = '2.16.840.1.101.3.4.2.1';
/** The extensions of a certificate of Fulcio for the issuer, and the one before it, which cosign 2 reads. */
const ISSUER_OID = '1.3.6.1.4.1.57264.1.8';
const OLD_ISSUER_OID = '1.3.6.1.4.1.57264.1.1';

export const IDENTITY = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'https://github.com/element-hq/synapse/.github/workflows/docker.yml@refs/tags/v1.99.0',
};

export interface SignOptions {
  readonly issuer?: string;
  readonly subject?: string;
  /** Signs with this key instead of an identity. */
  readonly key?: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  /** Minutes from the certificate to the entry in the log. Default: 0; a certificate is valid for 10. */
  readonly minutesLater?: number;
  /** What says when it was signed, and where it is logged. Default: log, as cosign with Rekor 1. */
  readonly proof?: 'log' | 'timestamp' | 'both' | 'none';
  /** The version of Rekor. Version 2 gives no time, so such a bundle needs a timestamp. Default: 1. */
  readonly rekor?: 1 | 2;
  /** Changes the payload after it was signed and logged. */
  readonly alter?: (payload: string) => string;
  /** Default: that of `cosign sign`. */
  readonly predicateType?: string;
  /** Changes the finished bundle of cosign 3. */
  readonly change?: (bundle: TestBundle) => void;
  /** Changes the annotations of cosign 2. */
  readonly changeAnnotations?: (annotations: Record<string, string>) => void;
}

/** The parts of a bundle that tests change. */
export interface TestBundle {
  mediaType: string;
  readonly verificationMaterial: { tlogEntries: TestLogEntry[] };
  readonly dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
}

export type TestSigstore = Awaited<ReturnType<typeof startSigstore>>;

export const makeKey = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/**
 * Makes a sigstore of its own: other keys each time.
 *
 * @param logUrl the URL of its transparency log, whose host the log puts into its proofs
 */
export async function startSigstore(logUrl = LOG_URL) {
  // The certificates of the authorities are valid from when they are made, in a moment. In whole seconds, because the
  // mock's timestamps have no trailing zeros in fractions of a second, and @sigstore/core reads only three digits.
  const now = new Date(Math.ceil(Date.now() / 1000) * 1000 + 5000);
  const keys = { ca: makeKey(), ctlog: makeKey(), tlog: makeKey(), tsa: makeKey() };
  const ca = await initializeCA(keys.ca, await initializeCTLog(keys.ctlog, now), now);
  const tsa = await initializeTSA(keys.tsa, now);

  const trustedRoot = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [logInstance(logUrl, keys.tlog.publicKey)],
    certificateAuthorities: [authority('https://fulcio.example.org', [ca.rootCertificate])],
    ctlogs: [logInstance('https://ctfe.example.org', keys.ctlog.publicKey)],
    timestampAuthorities: [authority('https://tsa.example.org', [tsa.intCertificate, tsa.rootCertificate])],
  };

  const certify = async (publicKey: KeyObject, { issuer, subject }: typeof IDENTITY): Promise<Buffer> =>
    bytes(
      await ca.issueCertificate({
        publicKey: publicKey.export({ type: 'spki', format: 'der' }),
        subjectAltName: subject,
        extensions: [
          { oid: OLD_ISSUER_OID, value: issuer, legacy: true },
          { oid: ISSUER_OID, value: issuer },
        ],
      }),
    );
  const append = async (entry: object, minutesLater = 0): Promise<[string, LogEntry]> => {
    const tlog = await initializeTLog(logUrl, keys.tlog, new Date(now.getTime() + minutesLater * 60_000));
    const [found] = Object.entries(await tlog.log(entry)) as unknown as [string, LogEntry][];
    if (!found) throw new Error('the log gave no entry');
    return found;
  };
  const signerOf = async ({ key, issuer = IDENTITY.issuer, subject = IDENTITY.subject }: SignOptions) => {
    if (key) return { ...key, pem: pemOf(key.publicKey) };
    const pair = makeKey();
    const certificate = await certify(pair.publicKey, { issuer, subject });
    return { ...pair, certificate, pem: pemCertificate(certificate) };
  };
  const logged = async (entry: object, { minutesLater }: SignOptions): Promise<LogEntry> =>
    (await append(entry, minutesLater))[1];
  const stamped = async (signature: Buffer): Promise<string> =>
    bytes(
      await tsa.timestamp({
        artifactHash: createHash('sha256').update(signature).digest(),
        hashAlgorithmOID: SHA256_OID,
        nonce: randomInt(1_000_000),
        policyOID: '1.3.6.1.4.1.57264.2',
        certReq: true,
      }),
    ).toString('base64');

  return {
    trustedRoot,

    /** The certificate for a public key (PEM) and the one of the authority, in PEM. */
    certify: async (publicKey: string, identity: typeof IDENTITY): Promise<string[]> =>
      [await certify(createPublicKey(publicKey), identity), bytes(ca.rootCertificate)].map(pemCertificate),

    /** An entry of the log with its identifier, as Rekor answers. */
    append: (entry: object) => append(entry),

    /** An entry of the log, whatever it is about. */
    log: async (entry: object, rekor: 1 | 2 = 1): Promise<TestLogEntry> =>
      protoEntry(await logged(entry, {}), rekor),

    /** A bundle as cosign 3 writes it. */
    async bundle(digest: string, options: SignOptions = {}): Promise<TestBundle> {
      const { proof = 'log', rekor = 1, alter = (it) => it, change } = options;
      const statement = statementAbout(digest, options.predicateType);
      const { privateKey, publicKey, certificate, pem } = {
        certificate: undefined,
        ...(await signerOf(options)),
      };
      const type = 'application/vnd.in-toto+json';
      const signature = sign('sha256', preAuthentication(type, statement), privateKey);
      const verifier = certificate
        ? { x509Certificate: { rawBytes: certificate.toString('base64') } }
        : { publicKey: { rawBytes: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') } };
      const spec = {
        1: {
          envelopeHash: hashOf(statement),
          payloadHash: hashOf(statement),
          signatures: [{ signature: signature.toString('base64'), verifier: base64(pem) }],
        },
        2: {
          dsseV002: {
            payloadHash: {
              algorithm: 'SHA2_256',
              digest: createHash('sha256').update(statement).digest('base64'),
            },
            signatures: [
              {
                content: signature.toString('base64'),
                verifier: { ...verifier, keyDetails: 'PKIX_ECDSA_P256_SHA_256' },
              },
            ],
          },
        },
      }[rekor];
      const entry = await logged({ apiVersion: `0.0.${rekor}`, kind: 'dsse', spec }, options);
      const bundle = {
        mediaType: BUNDLE_TYPE,
        verificationMaterial: {
          ...(certificate
            ? { certificate: { rawBytes: certificate.toString('base64') } }
            : { publicKey: { hint: hashOf(publicKey.export({ type: 'spki', format: 'der' })).value } }),
          tlogEntries: proof === 'log' || proof === 'both' ? [protoEntry(entry, rekor)] : [],
          timestampVerificationData: {
            rfc3161Timestamps:
              proof === 'timestamp' || proof === 'both'
                ? [{ signedTimestamp: await stamped(signature) }]
                : [],
          },
        },
        dsseEnvelope: {
          payload: base64(alter(statement)),
          payloadType: type,
          signatures: [{ sig: signature.toString('base64') }],
        },
      };
      change?.(bundle);
      return bundle;
    },

    /** A layer of the manifest at the tag `sha256-<hex>.sig`, as cosign 2 writes it. */
    async simple(digest: string, options: SignOptions = {}): Promise<SimpleSignature> {
      const { proof = 'log', alter = (it) => it, changeAnnotations } = options;
      const payload = JSON.stringify({
        critical: {
          identity: { 'docker-reference': 'example.org/synapse' },
          image: { 'docker-manifest-digest': digest },
          type: 'cosign container image signature',
        },
        optional: null,
      });
      const { privateKey, certificate, pem } = { certificate: undefined, ...(await signerOf(options)) };
      const signature = sign('sha256', Buffer.from(payload), privateKey);
      const entry = await logged(
        {
          apiVersion: '0.0.1',
          kind: 'hashedrekord',
          spec: {
            data: { hash: hashOf(payload) },
            signature: { content: signature.toString('base64'), publicKey: { content: base64(pem) } },
          },
        },
        options,
      );
      const { body, integratedTime, logIndex, logID, verification } = entry;
      const annotations: Record<string, string> = {
        'dev.cosignproject.cosign/signature': signature.toString('base64'),
        ...(certificate && {
          'dev.sigstore.cosign/certificate': pem,
          'dev.sigstore.cosign/chain': pemCertificate(bytes(ca.rootCertificate)),
        }),
        ...((proof === 'log' || proof === 'both') && {
          'dev.sigstore.cosign/bundle': JSON.stringify({
            SignedEntryTimestamp: verification.signedEntryTimestamp,
            Payload: { body, integratedTime, logIndex, logID },
          }),
        }),
        ...((proof === 'timestamp' || proof === 'both') && {
          'dev.sigstore.cosign/rfc3161timestamp': JSON.stringify({
            SignedRFC3161Timestamp: await stamped(signature),
          }),
        }),
      };
      changeAnnotations?.(annotations);
      return { payload: alter(payload), annotations };
    },
  };
}

export interface SimpleSignature {
  readonly payload: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The artifact that cosign 3 attaches to an image. */
export function bundleArtifact(subject: Content, bundle: object, predicateType = SIGN_PREDICATE): Image {
  return makeArtifact({
    subject,
    artifactType: BUNDLE_TYPE,
    config: 'application/vnd.oci.empty.v1+json',
    layers: [{ mediaType: BUNDLE_TYPE, data: JSON.stringify(bundle) }],
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': predicateType,
    },
  });
}

/** What cosign 2 keeps at the tag that {@link signatureTag} gives. */
export function simpleArtifact(signatures: readonly SimpleSignature[]): Image {
  return makeArtifact({
    config: 'application/vnd.oci.image.config.v1+json',
    layers: signatures.map(({ payload, annotations }) => ({
      mediaType: SIMPLE_TYPE,
      data: payload,
      annotations,
    })),
  });
}

/** The tag at which cosign 2 keeps the signatures of a digest. */
export const signatureTag = (digest: string): string => `${digest.replace(':', '-')}.sig`;

const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';

function statementAbout(digest: string, predicateType = SIGN_PREDICATE): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { [algorithm]: hex } }],
    predicateType,
    predicate: {},
  });
}

/** The bytes that an envelope's signature is over (DSSE 1). */
function preAuthentication(type: string, payload: string): Buffer {
  return Buffer.from(`DSSEv1 ${type.length} ${type} ${Buffer.byteLength(payload)} ${payload}`);
}
