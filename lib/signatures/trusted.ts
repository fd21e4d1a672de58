import { isAbsolute, join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { collectProblems } from '../input/problem.ts';
import { type PublicKey, readPublicKey } from './public-key.ts';
import { NO_TRUST, readTrustedRoot } from './trusted-root.ts';
import type { Trusted } from './verify.ts';

/**
 * Reads the trusted root and the public keys that a configuration names.
 *
 * @throws InputError with every problem of these files
 */
export function readTrusted({ verify, folder }: Config): Trusted {
  const inFolder = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  const root = verify?.trustedRoot;
  const paths = new Set(verify?.images.flatMap(({ signedBy }) => signedBy.flatMap(({ key }) => key ?? [])));
  let trust = NO_TRUST;
  const keys = new Map<string, PublicKey>();
  const readers = [...paths].map((path) => () => {
    keys.set(path, readPublicKey(inFolder(path)));
  });
  if (root !== undefined)
    readers.unshift(() => {
      trust = readTrustedRoot(inFolder(root));
    });
  collectProblems(readers, (read) => read());
  return { trust, keys };
}
