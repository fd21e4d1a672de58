import { createHash } from 'node:crypto';
import { BUNDLE_V01_MEDIA_TYPE, type Bundle, bundleFromJSON } from '@sigstore/bundle';
import { isObject } from '../common/collections.ts';
import { Rejected } from './rejected.ts';
import type { FoundSignature } from './verify.ts';

// The form of cosign 2: the payload is a layer of the manifest at the tag sha256-<hex>.sig, and the rest is in the
// annotations of the layer.

/** The media type of such a layer. */
export const SIMPLE_SIGNING_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';

const SIGNATURE = 'dev.cosignproject.cosign/signature';
const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const LOG_ENTRY = 'dev.sigstore.cosign/bundle';
const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp';

/**
 * A signature of cosign 2 in the form of a bundle.
 *
 * @param payload the layer
 * @param annotations those of the layer
 * @throws Rejected if it is not complete
 */
export function simpleSignature(
  payload: Buffer,
  annotations: Readonly<Record<string, string>>,
): FoundSignature {
  const signature = annotations[SIGNATURE];
  if (!signature) throw new Rejected(`its layer has no annotation ${SIGNATURE}`);
  const certificate = annotations[CERTIFICATE];
  const timestamp = annotations[TIMESTAMP];
  const bundle: Bundle = bundleFromJSON({
    mediaType: BUNDLE_V01_MEDIA_TYPE,
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: createHash('sha256').update(payload).digest('base64') },
      signature,
    },
    verificationMaterial: {
      ...(certificate
        ? { x509CertificateChain: { certificates: [{ rawBytes: derOf(certificate) }] } }
        : { publicKey: { hint: '' } }),
      tlogEntries: annotations[LOG_ENTRY] ? [logEntry(parse(annotations[LOG_ENTRY], LOG_ENTRY))] : [],
      timestampVerificationData: {
        rfc3161Timestamps: timestamp
          ? [{ signedTimestamp: String(parse(timestamp, TIMESTAMP).SignedRFC3161Timestamp) }]
          : [],
      },
    },
  });
  return { bundle, message: payload };
}

/** What Rekor answered, as cosign keeps it: an entry, and the log's promise to include it. */
function logEntry({ SignedEntryTimestamp: promise, Payload: payload }: Record<string, unknown>): object {
  if (!isObject(payload)) throw new Rejected(`its annotation ${LOG_ENTRY} is not valid`);
  const { body, integratedTime, logIndex, logID } = payload;
  const entry = parse(Buffer.from(String(body), 'base64').toString('utf8'), LOG_ENTRY);
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(String(logID), 'hex').toString('base64') },
    kindVersion: { kind: String(entry.kind), version: String(entry.apiVersion) },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: String(promise) },
    canonicalizedBody: String(body),
  };
}

function derOf(pem: string): string {
  const body = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (!body) throw new Rejected(`its annotation ${CERTIFICATE} is not a certificate`);
  return body.replace(/\s/g, '');
}

function parse(text: string, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // The same as any other text that is not an object.
  }
  throw new Rejected(`its annotation ${name} is not valid`);
}
