import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlobBudget } from '../../lib/input/glob.ts';
import { SignaturePolicy, type Signer } from '../../lib/plan/signers.ts';
import { acceptBundle, acceptSimple } from '../../lib/signatures/accept.ts';
import { type PublicKey, readPublicKey } from '../../lib/signatures/public-key.ts';
import { parseTrustedRoot } from '../../lib/signatures/trusted-root.ts';
import type { Trusted } from '../../lib/signatures/verify.ts';
import { IDENTITY, makeKey, pemOf, type SignOptions, startSigstore } from './sigstore.ts';

/** The image that signatures must be about, and another one. */
export const DIGEST = `sha256:${'a'.repeat(64)}`;
export const OTHER = `sha256:${'b'.repeat(64)}`;

export const KEY = { key: 'cosign.pub', transparencyLog: true };
export const KEY_ALONE = { key: 'cosign.pub', transparencyLog: false };
export const STAMPED = { ...IDENTITY, transparencyLog: false };

type Verify = NonNullable<ConstructorParameters<typeof SignaturePolicy>[0]['verify']>;
export type SignerConfig = Verify['images'][number]['signedBy'][number];

/** Signers as a configuration names them. */
export const signersOf = (...signedBy: SignerConfig[]): readonly Signer[] =>
  new SignaturePolicy({ verify: { images: [{ match: '**', signedBy }] } }, new GlobBudget()).rules[0]
    ?.signers ?? [];

/** Two sigstores and two keys, of which the first of each is trusted. */
export async function startSignatureCheck() {
  const [sigstore, other] = [await startSigstore(), await startSigstore()];
  const [key, otherKey] = [makeKey(), makeKey()];
  const trusted: Trusted = {
    trust: parseTrustedRoot(JSON.stringify(sigstore.trustedRoot), 'trusted_root.json'),
    keys: new Map([['cosign.pub', asRead(pemOf(key.publicKey))]]),
  };

  /** Both forms of one signature, each with what becomes of it. */
  async function results(
    options: SignOptions,
    signer: SignerConfig = IDENTITY,
    by = sigstore,
    digest = DIGEST,
  ) {
    const signers = signersOf(signer);
    const outcome = (accept: () => unknown): unknown => {
      try {
        return accept();
      } catch (error) {
        return (error as Error).message;
      }
    };
    const bundle = Buffer.from(JSON.stringify(await by.bundle(digest, options)));
    const { payload, annotations } = await by.simple(digest, options);
    return {
      bundle: outcome(() => acceptBundle(bundle, DIGEST, signers, trusted)),
      simple: outcome(() => acceptSimple(Buffer.from(payload), annotations, DIGEST, signers, trusted)),
    };
  }
  return { sigstore, other, trusted, key, otherKey, results };
}

function asRead(pem: string): PublicKey {
  const dir = mkdtempSync(join(tmpdir(), 'ess-key-'));
  try {
    writeFileSync(join(dir, 'cosign.pub'), pem);
    return readPublicKey(join(dir, 'cosign.pub'));
  } finally {
    rmSync(dir, { recursive: true });
  }
}
