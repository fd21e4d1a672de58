import * as z from 'zod/mini';
import { parseJson } from '../common/json.ts';
import type { Config } from '../config/schema.ts';
import { artifactsKey } from '../digests/artifacts.ts';
import {
  type ImageLayers,
  type Layer,
  layerName,
  MIN_LAYER_BYTES,
  type PlatformLayers,
} from '../digests/layers.ts';
import type { Release } from '../digests/release.ts';
import { platformName } from '../image/platform.ts';
import type { ImageReference } from '../image/reference.ts';
import { makePlan } from '../plan/plan.ts';
import { isCopiedPlatform } from '../plan/platforms.ts';
import { RegistryError } from '../registry/error.ts';
import { mapBounded } from '../registry/map-bounded.ts';

/** What is asked of a registry client. */
export interface LayerSource {
  manifest(image: ImageReference, reference: string): Promise<{ readonly bytes: Buffer } | undefined>;
}

/** An image whose layers are read. */
export interface SizedImage {
  readonly image: ImageReference;
  /** The platforms that are copied. Default: all. */
  readonly platforms?: readonly string[];
}

/**
 * The images whose layers a lock holds: those that the configuration copies or, without one, those of the release.
 */
export function imagesWithLayers(
  { info, images }: Pick<Release, 'info' | 'images'>,
  config?: Config,
): SizedImage[] {
  const copied = config
    ? makePlan(images, config, undefined, { info }).relocations.flatMap(({ source, platforms }) =>
        source ? { image: source, ...(platforms && { platforms }) } : [],
      )
    : images.map(({ image }) => ({ image }));
  return copied.filter(({ image }) => image.digest !== undefined);
}

const CONNECTIONS = 4;

const descriptor = z.object({
  digest: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
  size: z.int().check(z.nonnegative(), z.maximum(999_999_999_999)),
});
const platformSchema = z.object({
  os: z.string(),
  architecture: z.string(),
  variant: z.optional(z.string().check(z.minLength(1))),
});
const indexSchema = z.object({
  manifests: z.array(z.extend(descriptor, { platform: z.optional(z.unknown()) })).check(z.maxLength(500)),
});
const manifestSchema = z.object({ layers: z.array(descriptor).check(z.minLength(1), z.maxLength(1000)) });

/**
 * Reads the larger layers of images from their manifests.
 *
 * @param images each with a digest; of an index the manifests of the wanted platforms are read
 * @param onImage called after each distinct image
 * @returns the layers of the images whose manifests name any, in the order of their names
 * @throws RegistryError if a manifest cannot be read
 * @throws InputError if a credential helper fails
 */
export async function readLayerSizes(
  images: readonly SizedImage[],
  source: LayerSource,
  onImage: (done: number, total: number) => void = () => {},
): Promise<ImageLayers> {
  const distinct = [...new Map(images.map((sized) => [artifactsKey(sized.image) ?? '', sized]))];
  const found = new Map<string, readonly PlatformLayers[]>();
  let done = 0;
  await mapBounded(distinct, CONNECTIONS, async ([key, sized]) => {
    const layers = await readImage(sized, source);
    if (layers.length > 0) found.set(key, layers);
    onImage(++done, distinct.length);
  });
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function readImage(
  { image, platforms }: SizedImage,
  source: LayerSource,
): Promise<readonly PlatformLayers[]> {
  const root = await readManifest(image, image.digest ?? '', source);
  const index = indexSchema.safeParse(root);
  if (!index.success) {
    const layers = largerLayers(root);
    return layers.length > 0 ? [{ layers }] : [];
  }
  const byPlatform = new Map<string, Layer[]>();
  for (const { digest, platform } of index.data.manifests) {
    const parsed = platformSchema.safeParse(platform);
    const name = parsed.success ? platformName(parsed.data) : undefined;
    // Attestations are listed as unknown/unknown.
    if (name === undefined || name === 'unknown/unknown' || !isCopiedPlatform(platforms, name)) continue;
    const layers = largerLayers(await readManifest(image, digest, source));
    byPlatform.set(name, [...(byPlatform.get(name) ?? []), ...layers]);
  }
  return [...byPlatform]
    .filter(([, layers]) => layers.length > 0)
    .map(([platform, layers]) => ({ platform, layers: layers.slice(0, 1000) }));
}

async function readManifest(image: ImageReference, digest: string, source: LayerSource): Promise<unknown> {
  const manifest = await source.manifest(image, digest);
  if (!manifest)
    throw new RegistryError(
      'unexpected',
      `${image.registry}/${image.repository}@${digest} is not in the registry`,
    );
  return parseJson(manifest.bytes);
}

/** The layers that matter to a copy; the largest if none does, so that the image does not count as unknown. */
function largerLayers(manifest: unknown): Layer[] {
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success) return [];
  const layers = parsed.data.layers.map(({ digest, size }) => ({ name: layerName(digest), size }));
  const larger = layers.filter(({ size }) => size >= MIN_LAYER_BYTES);
  const largest = layers.reduce((most, layer) => (layer.size > most.size ? layer : most));
  return larger.length > 0 ? larger : [largest];
}
