import type { Config } from '../config/schema.ts';
import type { Release } from '../digests/release.ts';
import type { ImageReference } from '../image/reference.ts';
import { wantedArtifacts } from '../plan/artifacts.ts';
import { makePlan } from '../plan/plan.ts';

/**
 * The images whose artifacts a lock holds, each with a digest: those that the configuration copies or, without one, those
 * of the release.
 *
 * @returns undefined if the configuration copies no artifacts
 */
export function imagesWithArtifacts(
  { info, images }: Pick<Release, 'info' | 'images'>,
  config?: Config,
): ImageReference[] | undefined {
  if (config && wantedArtifacts(config) === 'none') return undefined;
  const chart = info.product === 'ess-helm' && info.artifact ? [info.artifact] : [];
  const sources = config
    ? makePlan(images, config, undefined, { info }).relocations.flatMap(({ source }) => source ?? [])
    : [...images.map(({ image }) => image), ...chart];
  return sources.filter(({ digest }) => digest !== undefined);
}
