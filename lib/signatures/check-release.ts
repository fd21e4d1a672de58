import type { Config } from '../config/schema.ts';
import { artifactsKey } from '../digests/artifacts.ts';
import type { Release } from '../digests/release.ts';
import type { Signatures } from '../digests/signatures.ts';
import { makePlan } from '../plan/plan.ts';
import { type CheckedImage, checkSignatures } from './check.ts';
import type { SignatureSource } from './find.ts';
import { imagesToCheck } from './of-plan.ts';
import type { Trusted } from './verify.ts';

/**
 * Checks the signatures of the images that a configuration copies of a release, upstream.
 *
 * @param onImage called after each image
 * @returns one result per image, in the order of the plan
 * @throws InputError if a credential helper fails
 */
export function checkRelease(
  { info, images }: Pick<Release, 'info' | 'images'>,
  config: Config,
  source: SignatureSource,
  trusted: Trusted,
  onImage?: (done: number, total: number) => void,
): Promise<CheckedImage[]> {
  const { relocations } = makePlan(images, config, undefined, { info });
  return checkSignatures(imagesToCheck(relocations, config), source, trusted, onImage);
}

/** What a lock records of checked images: the accepted signatures of those that are verified. */
export function recordSignatures(checked: readonly CheckedImage[]): Signatures {
  return new Map(
    checked.flatMap(({ image, result, accepted }) => {
      const key = artifactsKey(image);
      return key !== undefined && result === 'verified' ? [[key, accepted] as const] : [];
    }),
  );
}
