import { TrustedRoot } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify';
import { readTextFile } from '../input/file.ts';
import { InputError, startOf } from '../input/problem.ts';

/** The public one has 7 KB; one with the authorities of a company has not many more. */
const MAX_BYTES = 1024 * 1024;

const EXPECTED = 'a trusted root of sigstore (trusted_root.json)';

/** Certificate authorities, logs and timestamp authorities that are trusted; the keys of signers are not part of it. */
export type Trust = Omit<TrustMaterial, 'publicKey'>;

/** What is trusted if there is no trusted root: nothing. */
export const NO_TRUST: Trust = {
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
};

/**
 * Reads a trusted root as `cosign trusted-root create` or the TUF repository of sigstore has it.
 *
 * @throws InputError if it is not one
 */
export function readTrustedRoot(path: string): Trust {
  const text = readTextFile(
    path,
    EXPECTED,
    {
      hint: 'verify.trustedRoot names it. Get the one of the public sigstore, or make your own:',
      command: `cosign trusted-root create --with-default-services --out ${path}`,
    },
    MAX_BYTES,
  );
  return parseTrustedRoot(text, path);
}

/** The same for a text. */
export function parseTrustedRoot(text: string, file: string): Trust {
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(text));
    if (
      !/^application\/vnd\.dev\.sigstore\.trustedroot(?:\+json;version=0\.\d|\.v0\.\d\+json)$/.test(
        root.mediaType,
      )
    )
      throw new Error(`mediaType is ${JSON.stringify(root.mediaType)}`);
    const { publicKey: _, ...trust } = toTrustMaterial(root);
    const count =
      trust.certificateAuthorities.length + trust.tlogs.length + trust.timestampAuthorities.length;
    if (count === 0) throw new Error('it names no authority and no log');
    if (trust.certificateAuthorities.some(({ certChain }) => certChain.length === 0))
      throw new Error('a certificate authority has no certificate');
    return trust;
  } catch (error) {
    // The libraries throw whatever a wrong file makes them stumble over.
    const reason = error instanceof Error ? error.message : String(error);
    throw new InputError([{ place: startOf(file), message: `this is not ${EXPECTED}: ${reason}` }]);
  }
}
