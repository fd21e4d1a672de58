import { createPublicKey, X509Certificate } from 'node:crypto';
import type { Bundle, TransparencyLogEntry } from '@sigstore/bundle';
import { Rejected } from './rejected.ts';

// What the libraries leave unchecked, or do without bounds, in the entries of a transparency log.

const MAX_ENTRIES = 8;
const MAX_TIMESTAMPS = 8;
const MAX_CERTIFICATE = 16 * 1024;
const MAX_TIMESTAMP = 64 * 1024;
const MAX_CHECKPOINT = 16 * 1024;
/** The numbers of a log have 64 bits. */
const NUMBER = /^\d{1,20}$/;
/** What a log may be called. The library takes the name for a regular expression, so two repetitions at most. */
const LOG_NAME = /^[\w./:~-]{1,200}(?:\+[\w./:~-]{1,200}){0,2}$/;

/** Throws Rejected for a bundle that would take long to check. */
export function assertBounded({ verificationMaterial }: Bundle): void {
  const { tlogEntries, timestampVerificationData, content } = verificationMaterial;
  if (tlogEntries.length > MAX_ENTRIES)
    throw new Rejected(`it has more than ${MAX_ENTRIES} transparency log entries`);
  const timestamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  if (
    timestamps.length > MAX_TIMESTAMPS ||
    timestamps.some((it) => it.signedTimestamp.length > MAX_TIMESTAMP)
  )
    throw new Rejected('it has more timestamps than expected, or larger ones');
  const certificates =
    content.$case === 'certificate'
      ? [content.certificate]
      : content.$case === 'x509CertificateChain'
        ? content.x509CertificateChain.certificates
        : [];
  if (
    certificates.length > MAX_ENTRIES ||
    certificates.some(({ rawBytes }) => rawBytes.length > MAX_CERTIFICATE)
  )
    throw new Rejected('it has more certificates than expected, or larger ones');
  for (const entry of tlogEntries) assertEntryBounded(entry);
}

function assertEntryBounded({ logIndex, integratedTime, inclusionProof }: TransparencyLogEntry): void {
  const checkpoint = inclusionProof?.checkpoint?.envelope ?? '';
  const numbers = [logIndex, integratedTime, ...(inclusionProof ? [inclusionProof.logIndex] : [])];
  if (numbers.some((number) => !NUMBER.test(number)) || checkpoint.length > MAX_CHECKPOINT)
    throw new Rejected('its transparency log entry is not valid');
  if (checkpoint === '') return;
  const names = [...checkpoint.matchAll(/\u2014 (\S+) (\S+)\n/g)].map(([, name = '']) => name);
  if (!NUMBER.test(checkpoint.split('\n')[1] ?? '') || names.some((name) => !LOG_NAME.test(name)))
    throw new Rejected('the checkpoint of its transparency log entry is not valid');
}

/**
 * Throws Rejected unless every entry is about the key or certificate of the signer: the libraries compare the signature
 * and the payload, and a signature can fit more than one key.
 */
export function assertEntriesOf(signer: Signing, entries: readonly TransparencyLogEntry[]): void {
  for (const { canonicalizedBody } of entries) {
    const logged = verifierOf(JSON.parse(canonicalizedBody.toString('utf8')));
    if (!logged || !isSame(logged, signer))
      throw new Rejected('its transparency log entry is about another key or certificate');
  }
}

/** What a signature is verified with. */
export interface Signing {
  /** DER. */
  readonly certificate?: Buffer;
  /** SubjectPublicKeyInfo, DER. */
  readonly key: Buffer;
}

function isSame(logged: Signing, { certificate, key }: Signing): boolean {
  if (logged.certificate && certificate) return logged.certificate.equals(certificate);
  return logged.key.equals(key);
}

// The bodies of entries: Rekor 1 holds PEM in base64, Rekor 2 DER.
interface Body {
  readonly kind?: string;
  readonly spec?: {
    readonly signature?: { readonly publicKey?: { readonly content?: unknown } };
    readonly signatures?: readonly { readonly verifier?: unknown }[];
    readonly content?: {
      readonly envelope?: { readonly signatures?: readonly { readonly publicKey?: unknown }[] };
    };
    readonly hashedRekordV002?: { readonly signature?: { readonly verifier?: unknown } };
    readonly dsseV002?: { readonly signatures?: readonly { readonly verifier?: unknown }[] };
  };
}

function verifierOf({ spec }: Body): Signing | undefined {
  const second = spec?.hashedRekordV002?.signature?.verifier ?? spec?.dsseV002?.signatures?.[0]?.verifier;
  if (second) return fromRekor2(second as Rekor2Verifier);
  const first =
    spec?.signature?.publicKey?.content ??
    spec?.signatures?.[0]?.verifier ??
    spec?.content?.envelope?.signatures?.[0]?.publicKey;
  return typeof first === 'string' ? fromPem(Buffer.from(first, 'base64').toString('latin1')) : undefined;
}

interface Rekor2Verifier {
  readonly x509Certificate?: { readonly rawBytes?: string };
  readonly publicKey?: { readonly rawBytes?: string };
}

function fromRekor2({ x509Certificate, publicKey }: Rekor2Verifier): Signing | undefined {
  if (x509Certificate?.rawBytes) return fromCertificate(Buffer.from(x509Certificate.rawBytes, 'base64'));
  return publicKey?.rawBytes ? { key: Buffer.from(publicKey.rawBytes, 'base64') } : undefined;
}

function fromPem(pem: string): Signing {
  if (pem.includes('BEGIN CERTIFICATE')) return fromCertificate(pem);
  return { key: createPublicKey(pem).export({ type: 'spki', format: 'der' }) };
}

function fromCertificate(certificate: Buffer | string): Signing {
  const parsed = new X509Certificate(certificate);
  return { certificate: parsed.raw, key: parsed.publicKey.export({ type: 'spki', format: 'der' }) };
}
