import { X509Certificate } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import { toSignedEntity, Verifier } from '@sigstore/verify';
import type { SignerIdentity } from '../digests/signatures.ts';
import { describeSigner, type Signer } from '../plan/signers.ts';
import { assertBounded, assertEntriesOf } from './log-entry.ts';
import type { PublicKey } from './public-key.ts';
import { Rejected, rejectionOf } from './rejected.ts';
import type { Trust } from './trusted-root.ts';

/** A signature as it was found, in the form of a bundle. */
export interface FoundSignature {
  readonly bundle: Bundle;
  /** The signed bytes, if the bundle does not hold them. */
  readonly message?: Buffer;
}

/** What was found out about a signature that was accepted. */
export interface Verified {
  readonly signer: SignerIdentity;
  /** RFC 3339, UTC. */
  readonly time?: string;
  /** Whether the proof that a transparency log has it was checked. */
  readonly logged: boolean;
}

/** What signatures are checked with. */
export interface Trusted {
  readonly trust: Trust;
  /** By the path that the configuration names. */
  readonly keys: ReadonlyMap<string, PublicKey>;
}

/** OID of "code signing", one of the purposes of a certificate. */
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const OID_SUBJECT = '2.5.29.17';
const OID_ISSUER_1 = '1.3.6.1.4.1.57264.1.1';
const OID_ISSUER_2 = '1.3.6.1.4.1.57264.1.8';

/**
 * Checks a signature: certificate or key, transparency log, timestamps, and that the payload was signed. What the payload
 * says is for the caller to check.
 *
 * @param signers one of them is enough
 * @throws Rejected with the reason
 */
export function verifySignature(
  found: FoundSignature,
  signers: readonly Signer[],
  trusted: Trusted,
): Verified {
  const kind = found.bundle.verificationMaterial.content.$case === 'publicKey' ? 'key' : 'keyless';
  const fitting = signers.filter((signer) => signer.kind === kind);
  if (fitting.length === 0) {
    throw new Rejected(
      kind === 'key'
        ? 'it was made with a key, and the policy expects the certificate of an identity'
        : 'it was made with a certificate, and the policy expects a key',
    );
  }
  const reasons = new Set<string>();
  for (const signer of fitting) {
    try {
      return verifySigner(found, signer, trusted);
    } catch (error) {
      reasons.add(rejectionOf(error).message);
    }
  }
  throw new Rejected([...reasons].join('; '));
}

function verifySigner(
  { bundle, message }: FoundSignature,
  signer: Signer,
  { trust, keys }: Trusted,
): Verified {
  const checked = signer.transparencyLog ? bundle : withoutLog(bundle, signer);
  assertBounded(checked);
  const key = signer.kind === 'key' ? keys.get(signer.path) : undefined;
  if (signer.kind === 'key' && !key) throw new Error(`the key ${signer.path} was not read`);
  const material = { ...trust, publicKey: () => keyMaterial(key) };
  const verifier = new Verifier(material, {
    tlogThreshold: signer.transparencyLog ? 1 : 0,
    timestampThreshold: signer.kind === 'key' ? 0 : 1,
    ctlogThreshold: 1,
  });
  const entity = toSignedEntity(checked, message);
  const { identity = {} } = verifier.verify(entity);
  const { tlogEntries } = checked.verificationMaterial;
  const times = entity.timestamps.flatMap((it) => {
    if (it.$case === 'timestamp-authority') return it.timestamp.signingTime.getTime();
    return it.tlogEntry.inclusionPromise ? Number(it.tlogEntry.integratedTime) * 1000 : [];
  });
  const common = {
    ...(times.length > 0 && { time: new Date(Math.min(...times)).toISOString().replace(/\.\d+Z$/, 'Z') }),
    logged: tlogEntries.length > 0,
  };
  if (key) {
    assertEntriesOf({ key: key.der }, tlogEntries);
    return { signer: { key: key.fingerprint }, ...common };
  }
  const certificate = certificateOf(checked);
  assertEntriesOf({ certificate: certificate.raw, key: spki(certificate) }, tlogEntries);
  if (!certificate.keyUsage?.includes(CODE_SIGNING))
    throw new Rejected('its certificate is not one for signing code');
  const subject = asWritten(identity.subjectAlternativeName, identity.oids, [OID_SUBJECT]);
  const issuer = asWritten(identity.extensions?.issuer, identity.oids, [OID_ISSUER_2, OID_ISSUER_1]);
  if (subject === undefined || issuer === undefined)
    throw new Rejected('its certificate does not name one subject and one issuer');
  if (signer.kind === 'keyless' && !(signer.issuer(issuer) && signer.subject(subject))) {
    throw new Rejected(
      `it was signed by ${describeSigner({ issuer, subject })}; expected ${signer.expected}`,
    );
  }
  return { signer: { issuer, subject }, ...common };
}

/** A bundle whose log entries are not looked at; with a key, the time does not matter either. */
function withoutLog(bundle: Bundle, { kind }: Signer): Bundle {
  const { verificationMaterial } = bundle;
  return {
    ...bundle,
    verificationMaterial: {
      ...verificationMaterial,
      tlogEntries: [],
      timestampVerificationData:
        kind === 'key' ? { rfc3161Timestamps: [] } : verificationMaterial.timestampVerificationData,
    },
  };
}

function keyMaterial(key: PublicKey | undefined) {
  if (!key) throw new Rejected('it was made with a key');
  return { publicKey: key.object, validFor: () => true };
}

function certificateOf({ verificationMaterial: { content } }: Bundle): X509Certificate {
  if (content.$case === 'certificate') return new X509Certificate(content.certificate.rawBytes);
  const first =
    content.$case === 'x509CertificateChain' ? content.x509CertificateChain.certificates[0] : undefined;
  if (!first) throw new Rejected('it has no certificate');
  return new X509Certificate(first.rawBytes);
}

function spki({ publicKey }: X509Certificate): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

type Oids = readonly {
  readonly oid?: { readonly id: readonly number[] } | undefined;
  readonly value: Buffer;
}[];

/**
 * A name of the certificate, if the extension that it comes from ends with just these bytes: the library reads 8-bit
 * characters as 7-bit ones, and takes the first name of several.
 */
function asWritten(
  name: string | undefined,
  oids: Oids | undefined,
  extensions: readonly string[],
): string | undefined {
  if (!name) return undefined;
  const value = extensions
    .map((wanted) => oids?.find(({ oid }) => oid?.id.join('.') === wanted)?.value)
    .find((found) => found !== undefined);
  const bytes = Buffer.from(name, 'latin1');
  const last = value?.subarray(Math.max(0, value.length - bytes.length));
  return last?.equals(bytes) && /^[\x20-\x7e]{1,2048}$/.test(name) ? name : undefined;
}
