import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

// The parts of bundles and trusted roots, for sigstore.ts.

export interface TestLogEntry {
  readonly canonicalizedBody: string;
  inclusionProof?: { hashes: string[]; checkpoint?: { envelope: string }; [key: string]: unknown };
  [key: string]: unknown;
}

/** What the log answers; its own types are in a package that it does not install. */
export interface LogEntry {
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

export function protoEntry(
  { body, integratedTime, logIndex, logID, verification }: LogEntry,
  rekor: 1 | 2 = 1,
): TestLogEntry {
  const proof = verification.inclusionProof;
  const { kind, apiVersion } = JSON.parse(Buffer.from(body, 'base64').toString('utf8'));
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: rekor === 1 ? String(integratedTime) : '0',
    ...(rekor === 1 && { inclusionPromise: { signedEntryTimestamp: verification.signedEntryTimestamp } }),
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

export function logInstance(baseUrl: string, key: KeyObject) {
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

export function authority(uri: string, chain: readonly ArrayBufferView[]) {
  return {
    subject: { organization: 'example.org', commonName: 'test' },
    uri,
    certChain: { certificates: chain.map((it) => ({ rawBytes: bytes(it).toString('base64') })) },
    validFor: { start: '2020-01-01T00:00:00Z' },
  };
}

export const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
export const base64 = (text: string): string => Buffer.from(text).toString('base64');
export const hashOf = (data: string | Buffer) => ({
  algorithm: 'sha256',
  value: createHash('sha256').update(data).digest('hex'),
});

export function pemCertificate(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
