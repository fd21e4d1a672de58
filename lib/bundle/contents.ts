import * as z from 'zod/mini';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import type { Manifest } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';

/** A blob as a manifest names it (OCI image specification, "Content Descriptors"). */
export interface Blob {
  /** The 64 hexadecimal digits behind `sha256:`, which name its file. */
  readonly hex: string;
  readonly size: number;
  /** layer: what a later bundle may leave out. config: what every bundle holds, because every push reads it. */
  readonly kind: 'config' | 'layer';
}

/** Everything that an image consists of. */
export interface ImageContents {
  /** What the tag names: an index, or the one manifest. */
  readonly root: Manifest;
  /** The manifests below the index, one a platform. */
  readonly manifests: readonly Manifest[];
  /** Configurations and layers of all platforms, each once. */
  readonly blobs: readonly Blob[];
}

/** What is asked of a registry client. */
export interface ManifestSource {
  manifest(image: ImageReference, reference: string): Promise<Manifest | undefined>;
}

const descriptor = z.object({
  digest: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
  size: z.int().check(z.nonnegative()),
});
const indexSchema = z.object({ manifests: z.array(descriptor) });
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) });

/**
 * Reads the manifests of an image, of all its platforms.
 *
 * @returns undefined where the registry does not have the image
 * @throws RegistryError where it cannot be asked, or where a manifest is none that can be carried
 */
export async function readContents(
  image: ImageReference,
  source: ManifestSource,
): Promise<ImageContents | undefined> {
  const root = await source.manifest(image, image.digest ?? image.tag ?? '');
  if (!root) return undefined;
  const index = indexSchema.safeParse(parseJson(root));
  if (!index.success) return { root, manifests: [], blobs: readBlobs(image, root) };
  const manifests = new Map<string, Manifest>();
  for (const { digest } of index.data.manifests) {
    const child = manifests.get(digest) ?? (await source.manifest(image, digest));
    if (!child) throw broken(image, `its index names ${digest}, which the registry does not have`);
    manifests.set(digest, child);
  }
  const children = [...manifests.values()];
  const blobs = new Map(children.flatMap((child) => readBlobs(image, child)).map((blob) => [blob.hex, blob]));
  return { root, manifests: children, blobs: [...blobs.values()] };
}

function readBlobs(image: ImageReference, manifest: Manifest): Blob[] {
  const value = parseJson(manifest);
  if (indexSchema.safeParse(value).success) {
    throw broken(image, 'its index names another index, which skopeo cannot copy');
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) {
    throw broken(
      image,
      `${manifest.digest} is ${mediaTypeOf(manifest)}; expected an image manifest whose digests are sha256`,
    );
  }
  const { config, layers } = parsed.data;
  return [
    { hex: hexOf(config.digest), size: config.size, kind: 'config' },
    ...layers.map(({ digest, size }) => ({ hex: hexOf(digest), size, kind: 'layer' as const })),
  ];
}

/**
 * The media type of a manifest by its own words: Docker's always say it, of OCI's it may be left out (image
 * specification, "Image Manifest"). The same bytes have the same, whatever a registry says of them.
 */
export function mediaTypeOf(manifest: Manifest): string {
  const value = parseJson(manifest);
  const said = z.object({ mediaType: z.string() }).safeParse(value);
  if (said.success) return said.data.mediaType;
  const kind = indexSchema.safeParse(value).success ? 'index' : 'manifest';
  return `application/vnd.oci.image.${kind}.v1+json`;
}

/** The digits of a sha256 digest. */
export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}

function parseJson({ bytes }: Pick<Manifest, 'bytes'>): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function broken(image: ImageReference, why: string): RegistryError {
  return new RegistryError('unexpected', `${repositoryName(image)}: ${why}`);
}
