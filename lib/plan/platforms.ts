import type { Config } from '../config/schema.ts';

/** The platforms to which the mirror is limited, each once and in order; undefined where it copies all of them. */
export function chosenPlatforms({ mirror }: Config): readonly string[] | undefined {
  if (!mirror || mirror.platforms === 'all') return undefined;
  return [...new Set(mirror.platforms)].sort();
}

/**
 * The tag of an image of which only some platforms are there: `v1.11.45-amd64-arm64`. The index keeps its digest
 * whatever the registry has of what it names, so at the release's own tag nobody could tell later that something is
 * missing, and a mirror of all platforms would take it for complete.
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
