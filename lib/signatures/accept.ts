import { bundleFromJSON } from '@sigstore/bundle';
import type { Signer } from '../plan/signers.ts';
import { assertPayloadAbout, assertStatementAbout } from './payload.ts';
import { rejectionOf } from './rejected.ts';
import { simpleSignature } from './simple-signing.ts';
import { type Trusted, type Verified, verifySignature } from './verify.ts';

/**
 * Checks a bundle as cosign 3 attaches it to an image.
 *
 * @param bytes its JSON
 * @param digest the image that it must be about
 * @throws Rejected with the reason
 */
export function acceptBundle(
  bytes: Buffer,
  digest: string,
  signers: readonly Signer[],
  trusted: Trusted,
): Verified {
  return accept(() => {
    const bundle = bundleFromJSON(JSON.parse(bytes.toString('utf8')));
    assertStatementAbout(bundle, digest);
    return verifySignature({ bundle }, signers, trusted);
  });
}

/** The same for a layer of a signature of cosign 2. */
export function acceptSimple(
  payload: Buffer,
  annotations: Readonly<Record<string, string>>,
  digest: string,
  signers: readonly Signer[],
  trusted: Trusted,
): Verified {
  return accept(() => {
    const found = simpleSignature(payload, annotations);
    assertPayloadAbout(payload, digest);
    return verifySignature(found, signers, trusted);
  });
}

function accept(check: () => Verified): Verified {
  try {
    return check();
  } catch (error) {
    throw rejectionOf(error);
  }
}
