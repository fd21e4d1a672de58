import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readTextFile } from '../input/file.ts';
import { InputError, startOf } from '../input/problem.ts';

/** A public key that signatures are checked with. */
export interface PublicKey {
  readonly object: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly der: Buffer;
  /** `sha256:…` of it. */
  readonly fingerprint: string;
}

const EXPECTED = 'a public key in PEM, as cosign.pub';
const MAX_BYTES = 64 * 1024;

/**
 * Reads a public key: ECDSA with P-256, or RSA of 2048 bits or more.
 *
 * @throws InputError if the file is not one
 */
export function readPublicKey(path: string): PublicKey {
  const text = readTextFile(path, EXPECTED, { hint: 'verify.images[].signedBy[].key names it.' }, MAX_BYTES);
  const wrong = (found: string, hint?: string): InputError =>
    new InputError([{ place: startOf(path), message: `${found}; expected ${EXPECTED}`, hint }]);
  if (/PRIVATE KEY/.test(text))
    throw wrong(
      'this is a private key',
      'Keep it out of this repository, and name the public key; cosign public-key prints it.',
    );
  if (!/^\s*-----BEGIN (?:RSA )?PUBLIC KEY-----/.test(text)) throw wrong('this is not a public key');
  const object = parse(text);
  if (!object) throw wrong('this is not a public key');
  const kind = object.asymmetricKeyType;
  const { namedCurve, modulusLength = 0 } = object.asymmetricKeyDetails ?? {};
  const isSupported =
    (kind === 'ec' && namedCurve === 'prime256v1') || (kind === 'rsa' && modulusLength >= 2048);
  if (!isSupported) {
    const found = [kind, namedCurve ?? (modulusLength || '')].join(' ').trim();
    throw wrong(`the key is of the kind ${found}`, 'Supported: ECDSA with P-256, RSA of 2048 bits or more.');
  }
  const der = object.export({ type: 'spki', format: 'der' });
  return { object, der, fingerprint: `sha256:${createHash('sha256').update(der).digest('hex')}` };
}

function parse(text: string): KeyObject | undefined {
  try {
    return createPublicKey(text);
  } catch {
    return undefined;
  }
}
