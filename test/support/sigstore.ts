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

export interface TestLogEntry {
  readonly canonicalizedBody: string;
  inclusionProof?: { hashes: string[]; checkpoint?: { envelope: string }; [key: string]: unknown };
  [key: string]: unknown;
}

export type TestSigstore = Awaited<ReturnType<typeof startSigstore>>;

export const makeKey = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/** Makes a sigstore of its own: other keys each time. */
export async function startSigstore() {
  // The certificates of the authorities are valid from when they are made, in a moment. In whole seconds, because the
  // mock's timestamps have no trailing zeros in fractions of a second, and @sigstore/core reads only three digits.
  const now = new Date(Math.ceil(Date.now() / 1000) * 1000 + 5000);
  const keys = { ca: makeKey(), ctlog: makeKey(), tlog: makeKey(), tsa: makeKey() };
  const ca = await initializeCA(keys.ca, await initializeCTLog(keys.ctlog, now), now);
  const tsa = await initializeTSA(keys.tsa, now);

  const trustedRoot = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [logInstance(LOG_URL, keys.tlog.publicKey)],
    certificateAuthorities: [authority('https://fulcio.example.org', [ca.rootCertificate])],
    ctlogs: [logInstance('https://ctfe.example.org', keys.ctlog.publicKey)],
    timestampAuthorities: [authority('https://tsa.example.org', [tsa.intCertificate, tsa.rootCertificate])],
  };

  const signerOf = async ({ key, issuer = IDENTITY.issuer, subject = IDENTITY.subject }: SignOptions) => {
    if (key) return { ...key, pem: pemOf(key.publicKey) };
    const pair = makeKey();
    const certificate = bytes(
      await ca.issueCertificate({
        publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }),
        subjectAltName: subject,
        extensions: [
          { oid: OLD_ISSUER_OID, value: issuer, legacy: true },
          { oid: ISSUER_OID, value: issuer },
        ],
      }),
    );
    return { ...pair, certificate, pem: pemCertificate(certificate) };
  };
  const logged = async (entry: object, { minutesLater = 0 }: SignOptions) => {
    const tlog = await initializeTLog(LOG_URL, keys.tlog, new Date(now.getTime() + minutesLater * 60_000));
    const [value] = Object.values(await tlog.log(entry)) as unknown as LogEntry[];
    if (!value) throw new Error('the log gave no entry');
    return value;
  };
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

    /** An entry of the log, whatever it is about. */
    log: async (entry: object): Promise<TestLogEntry> => protoEntry(await logged(entry, {})),

    /** A bundle as cosign 3 writes it. */
    async bundle(digest: string, options: SignOptions = {}): Promise<TestBundle> {
      const { proof = 'log', alter = (it) => it, change } = options;
      const statement = statementAbout(digest, options.predicateType);
      const { privateKey, publicKey, certificate, pem } = {
        certificate: undefined,
        ...(await signerOf(options)),
      };
      const type = 'application/vnd.in-toto+json';
      const signature = sign('sha256', preAuthentication(type, statement), privateKey);
      const entry = await logged(
        {
          apiVersion: '0.0.1',
          kind: 'dsse',
          spec: {
            envelopeHash: hashOf(statement),
            payloadHash: hashOf(statement),
            signatures: [{ signature: signature.toString('base64'), verifier: base64(pem) }],
          },
        },
        options,
      );
      const bundle = {
        mediaType: BUNDLE_TYPE,
        verificationMaterial: {
          ...(certificate
            ? { certificate: { rawBytes: certificate.toString('base64') } }
            : { publicKey: { hint: hashOf(publicKey.export({ type: 'spki', format: 'der' })).value } }),
          tlogEntries: proof === 'log' || proof === 'both' ? [protoEntry(entry)] : [],
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

/** What the log answers; its own types are in a package that it does not install. */
interface LogEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logIndex: number;
  readonly logID: string;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly logIndex: number;
      readonly treeSize: number;
      readonly rootHash: string;
      readonly checkpoint: string;
    };
  };
}

function protoEntry({ body, integratedTime, logIndex, logID, verification }: LogEntry): TestLogEntry {
  const proof = verification.inclusionProof;
  const { kind, apiVersion } = JSON.parse(Buffer.from(body, 'base64').toString('utf8'));
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: verification.signedEntryTimestamp },
    inclusionProof: {
      logIndex: String(proof.logIndex),
      rootHash: Buffer.from(proof.rootHash, 'hex').toString('base64'),
      treeSize: String(proof.treeSize),
      hashes: [],
      checkpoint: { envelope: proof.checkpoint },
    },
    canonicalizedBody: body,
  };
}

function logInstance(baseUrl: string, key: KeyObject) {
  const der = createPublicKey(key.export({ type: 'spki', format: 'pem' })).export({
    type: 'spki',
    format: 'der',
  });
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: der.toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: '2020-01-01T00:00:00Z' },
    },
    logId: { keyId: createHash('sha256').update(der).digest('base64') },
  };
}

function authority(uri: string, chain: readonly ArrayBufferView[]) {
  return {
    subject: { organization: 'example.org', commonName: 'test' },
    uri,
    certChain: { certificates: chain.map((it) => ({ rawBytes: bytes(it).toString('base64') })) },
    validFor: { start: '2020-01-01T00:00:00Z' },
  };
}

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const hashOf = (data: string | Buffer) => ({
  algorithm: 'sha256',
  value: createHash('sha256').update(data).digest('hex'),
});

function pemCertificate(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
