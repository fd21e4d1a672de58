import type { Config } from '../config/schema.ts';

/**
 * Returns the platforms that the mirror is limited to, without duplicates and in order; undefined if it copies all.
 */
export function chosenPlatforms({ mirror }: Config): readonly string[] | undefined {
  if (!mirror || mirror.platforms === 'all') return undefined;
  return [...new Set(mirror.platforms)].sort();
}

/**
 * Returns the tag of an image with only some platforms, such as `v1.11.45-amd64-arm64`. The index keeps its digest
 * although manifests are missing. With the release's own tag, nobody could see that platforms are missing, and a
 * mirror of all platforms would treat the image as complete.
 */
export function tagWithPlatforms(tag: string, platforms: readonly string[]): string {
  return [tag, ...platforms.map((platform) => platform.replace(/^linux\//, '').replaceAll('/', '-'))].join(
    '-',
  );
}

/**
 * Whether a manifest of a platform is copied. In doubt yes: an index may leave out the variant that the configuration names,
 * and the other way round.
 *
 * @param platforms those that are wanted; undefined for all
 */
export function isCopiedPlatform(platforms: readonly string[] | undefined, platform: string): boolean {
  return (
    !platforms ||
    platforms.some(
      (chosen) => `${platform}/`.startsWith(`${chosen}/`) || `${chosen}/`.startsWith(`${platform}/`),
    )
  );
}
