import { artifactsKey } from '../digests/artifacts.ts';
import type { ImageLayers, Layer, PlatformLayers } from '../digests/layers.ts';
import type { Relocation } from './model.ts';
import { isCopiedPlatform } from './platforms.ts';

/** The relocations with the layers that are copied with each, of those whose layers are known. */
export function withLayers(
  relocations: readonly Relocation[],
  images: ImageLayers | undefined,
): readonly Relocation[] {
  if (!images || images.size === 0) return relocations;
  return relocations.map((relocation) => {
    const key = relocation.source && artifactsKey(relocation.source);
    const known = key === undefined ? undefined : images.get(key);
    if (!known) return relocation;
    const layers = distinctLayers(known, relocation.platforms);
    return layers.length === 0 ? relocation : { ...relocation, layers };
  });
}

/** An image that is no index is copied whole, whatever platforms are wanted. */
function distinctLayers(
  manifests: readonly PlatformLayers[],
  platforms: readonly string[] | undefined,
): Layer[] {
  const copied = manifests.filter(
    ({ platform }) => platform === undefined || isCopiedPlatform(platforms, platform),
  );
  const byName = new Map(copied.flatMap(({ layers }) => layers).map((layer) => [layer.name, layer] as const));
  return [...byName.values()];
}
