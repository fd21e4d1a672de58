import * as z from 'zod/mini';
import { parseJson } from '../common/json.ts';
import type { ImageReference } from '../image/reference.ts';
import { isCopiedPlatform } from '../plan/platforms.ts';
import { RegistryError } from '../registry/error.ts';
import { mapBounded } from '../registry/map-bounded.ts';
import type { ObservedSize } from './observation.ts';

/** An image to be copied. */
export interface Sized {
  readonly image: ImageReference;
  /** The platforms that are copied. Default: all. */
  readonly platforms?: readonly string[];
}

/** What is asked of a registry client. */
export interface ManifestSource {
  manifest(
    image: ImageReference,
    reference: string,
  ): Promise<{ readonly digest: string; readonly bytes: Buffer } | undefined>;
}

const descriptor = z.object({
  digest: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
  size: z.int().check(z.nonnegative()),
});
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.optional(z.string()) });
const indexSchema = z.object({
  manifests: z.array(z.extend(descriptor, { platform: z.optional(platform) })),
});
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) });

const CONNECTIONS = 4;

/**
 * The bytes that copying images takes: their manifests, configurations and layers, each counted once.
 *
 * @param onRead called after each image with the sizes of its configurations and layers by digest; none if it cannot be read
 */
export async function readSize<T extends Sized>(
  images: readonly T[],
  source: ManifestSource,
  onRead: (image: T, blobs: ReadonlyMap<string, number>) => void = () => {},
): Promise<ObservedSize> {
  const blobs = new Map<string, number>();
  const manifests = new Map<string, number>();
  const unread: ObservedSize['unread'][number][] = [];
  const read = async (image: ImageReference, reference: string): Promise<unknown> => {
    const manifest = await source.manifest(image, reference);
    if (!manifest) throw new RegistryError('unexpected', `there is no ${reference}`);
    manifests.set(image.registry, (manifests.get(image.registry) ?? 0) + 1);
    blobs.set(manifest.digest, manifest.bytes.length);
    return parseJson(manifest.bytes);
  };
  await mapBounded(images, CONNECTIONS, async (sized) => {
    const { image, platforms } = sized;
    const own = new Map<string, number>();
    try {
      const root = await read(image, image.digest ?? image.tag ?? '');
      const index = indexSchema.safeParse(root);
      const children = index.success
        ? index.data.manifests.filter((it) => isCopiedPlatform(platforms, nameOf(it.platform)))
        : [];
      const values = index.success ? [] : [root];
      for (const { digest } of children) values.push(await read(image, digest));
      for (const value of values) {
        const parsed = manifestSchema.safeParse(value);
        if (!parsed.success) throw new RegistryError('unexpected', 'its manifest is not one of an image');
        for (const { digest, size } of [parsed.data.config, ...parsed.data.layers]) own.set(digest, size);
      }
      for (const [digest, size] of own) blobs.set(digest, size);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      unread.push({ image, reason: error.message });
      own.clear();
    }
    onRead(sized, own);
  });
  const bytes = [...blobs.values()].reduce((sum, size) => sum + size, 0);
  return { bytes, images: images.length - unread.length, manifests, unread };
}

function nameOf(value: z.output<typeof platform> | undefined): string {
  if (!value) return '';
  return [value.os, value.architecture, ...(value.variant ? [value.variant] : [])].join('/');
}
