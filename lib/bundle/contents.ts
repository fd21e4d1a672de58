import * as z from 'zod/mini';
import { parseJson } from '../common/json.ts';
import type { Platform } from '../image/platform.ts';
import { type ImageReference, repositoryName } from '../image/reference.ts';
import type { Manifest } from '../registry/client.ts';
import { RegistryError } from '../registry/error.ts';
import { LIMITS } from './limits.ts';
import { manifestFor } from './platform.ts';

/** A blob as a manifest names it (OCI image specification, "Content Descriptors"). */
export interface Blob {
  /** The 64 hexadecimal digits of its sha256 digest, which name its file. */
  readonly hex: string;
  readonly size: number;
  /** A later bundle may leave out a layer. Every bundle holds the configurations, because every push reads them. */
  readonly kind: 'config' | 'layer';
}

/** Everything that an image consists of. */
export interface ImageContents {
  /** What the tag names: an index, or the only manifest. */
  readonly root: Manifest;
  /** The manifests that the index names, or of the chosen platforms only; each once. */
  readonly manifests: readonly Manifest[];
  /** The manifests that the index names for other platforms. */
  readonly omitted: readonly { readonly hex: string; readonly size: number }[];
  /** Chosen platforms that the index does not name. */
  readonly lacks: readonly string[];
  /** Configurations and layers of these manifests, each once. */
  readonly blobs: readonly Blob[];
}

/** What is asked of a registry client. */
export interface ManifestSource {
  manifest(image: ImageReference, reference: string): Promise<Manifest | undefined>;
}

/** What a manifest names: other manifests, or a configuration and layers. */
export type Descriptors =
  | { readonly kind: 'index'; readonly manifests: readonly IndexEntry[] }
  | { readonly kind: 'manifest'; readonly blobs: readonly Blob[] };

/** A manifest as an index names it. */
export interface IndexEntry {
  readonly hex: string;
  readonly size: number;
  readonly platform?: Platform;
}

const descriptor = z.object({
  digest: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
  size: z.int().check(z.nonnegative(), z.maximum(LIMITS.blobBytes)),
});
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.optional(z.string()) });
const entry = z.extend(descriptor, { platform: z.optional(z.catch(z.optional(platform), undefined)) });
const indexSchema = z.object({ manifests: z.array(entry).check(z.maxLength(LIMITS.descriptors)) });
const manifestSchema = z.object({
  config: descriptor,
  layers: z.array(descriptor).check(z.maxLength(LIMITS.descriptors)),
});

/**
 * Reads the manifests of an image.
 *
 * @param platforms of an index, only the manifests of these platforms, such as `linux/arm64`. Default: all
 * @returns undefined if the registry does not have the image
 * @throws RegistryError if it cannot be asked, or if a manifest cannot be carried
 */
export async function readContents(
  image: ImageReference,
  source: ManifestSource,
  platforms?: readonly string[],
): Promise<ImageContents | undefined> {
  const root = await source.manifest(image, image.digest ?? image.tag ?? '');
  if (!root) return undefined;
  const contents = readRoot(image, root);
  const none = { manifests: [], omitted: [], lacks: [] };
  if (contents.kind === 'manifest') return { root, ...none, blobs: each([contents.blobs], image) };
  const chosen = choose(image, contents.manifests, platforms);
  const manifests = new Map<string, Manifest>();
  const blobs: (readonly Blob[])[] = [];
  for (const { hex, size } of chosen.manifests) {
    const digest = `sha256:${hex}`;
    const child = manifests.get(hex) ?? (await source.manifest(image, digest));
    if (!child) throw broken(image, `its index names ${digest}, which the registry does not have`);
    if (child.bytes.length !== size) {
      throw broken(
        image,
        `its index says that ${digest} has ${size} bytes, but it has ${child.bytes.length}`,
      );
    }
    if (!manifests.has(hex)) blobs.push(readChild(image, child));
    manifests.set(hex, child);
  }
  const omitted = new Map(
    contents.manifests.filter(({ hex }) => !manifests.has(hex)).map(({ hex, size }) => [hex, { hex, size }]),
  );
  return {
    root,
    manifests: [...manifests.values()],
    omitted: [...omitted.values()],
    lacks: chosen.lacks,
    blobs: each(blobs, image),
  };
}

/** The manifests of an index that are carried. An index that has none of the chosen platforms cannot be. */
function choose(
  image: ImageReference,
  manifests: readonly IndexEntry[],
  platforms: readonly string[] | undefined,
): { manifests: readonly IndexEntry[]; lacks: readonly string[] } {
  if (!platforms) return { manifests, lacks: [] };
  const found = platforms.map((name) => ({ name, manifest: manifestFor(name, manifests) }));
  const chosen = found.flatMap(({ manifest }) => manifest ?? []);
  if (chosen.length > 0) {
    return { manifests: chosen, lacks: found.filter((it) => !it.manifest).map(({ name }) => name) };
  }
  throw broken(image, `its index names no image for ${platforms.join(', ')} (mirror.platforms)`);
}

function readRoot(image: ImageReference, manifest: Manifest): Descriptors {
  const contents = parseDescriptors(manifest.bytes);
  if (contents) return contents;
  throw broken(
    image,
    `${manifest.digest} is ${mediaTypeOf(manifest)}; expected an image index or manifest whose digests are sha256`,
  );
}

function readChild(image: ImageReference, manifest: Manifest): readonly Blob[] {
  const contents = readRoot(image, manifest);
  if (contents.kind === 'manifest') return contents.blobs;
  throw broken(image, 'its index names another index, which skopeo cannot copy');
}

/** Each blob once. An artifact may name the same bytes as its configuration and as a layer: then a configuration. */
function each(lists: readonly (readonly Blob[])[], image: ImageReference): Blob[] {
  const blobs = new Map<string, Blob>();
  for (const blob of lists.flat()) {
    const known = blobs.get(blob.hex);
    if (known && known.size !== blob.size) {
      throw broken(image, `its manifests disagree on the size of sha256:${blob.hex}`);
    }
    if (known?.kind !== 'config') blobs.set(blob.hex, blob);
  }
  return [...blobs.values()];
}

/**
 * What an index or a manifest names.
 *
 * @returns undefined if the bytes are neither, or beyond what a bundle may hold
 */
export function parseDescriptors(bytes: Buffer): Descriptors | undefined {
  const value = parseJson(bytes);
  const index = indexSchema.safeParse(value);
  if (index.success) {
    const manifests = index.data.manifests.map(({ digest, size, platform }) => ({
      hex: hexOf(digest),
      size,
      ...(platform && { platform }),
    }));
    return { kind: 'index', manifests };
  }
  const parsed = manifestSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { config, layers } = parsed.data;
  return {
    kind: 'manifest',
    blobs: [
      { hex: hexOf(config.digest), size: config.size, kind: 'config' },
      ...layers.map(({ digest, size }) => ({ hex: hexOf(digest), size, kind: 'layer' as const })),
    ],
  };
}

/**
 * The media type of a manifest by its own words: Docker's always say it, OCI's may leave it out (image
 * specification, "Image Manifest"). The same bytes have the same, whatever a registry says of them.
 */
export function mediaTypeOf({ bytes }: Pick<Manifest, 'bytes'>): string {
  const value = parseJson(bytes);
  // RFC 6838, "Naming Requirements": whatever else a registry sends does not reach a terminal or a file.
  const stated = z
    .object({ mediaType: z.string().check(z.regex(/^[\w.+!#$&^/-]{1,255}$/)) })
    .safeParse(value);
  if (stated.success) return stated.data.mediaType;
  const kind = indexSchema.safeParse(value).success ? 'index' : 'manifest';
  return `application/vnd.oci.image.${kind}.v1+json`;
}

/** The digest of the manifest that a referrer belongs to; undefined for a manifest without one. */
export function subjectOf(bytes: Buffer): string | undefined {
  const parsed = z.object({ subject: descriptor }).safeParse(parseJson(bytes));
  return parsed.success ? parsed.data.subject.digest : undefined;
}

/** The digits of a sha256 digest. */
export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}

function broken(image: ImageReference, why: string): RegistryError {
  return new RegistryError('unexpected', `${repositoryName(image)}: ${why}`);
}
