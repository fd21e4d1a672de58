import { formatReference } from '../image/reference.ts';
import { fallbackTag, INDEX_TYPE } from '../plan/referrers-list.ts';
import type { Manifest } from '../registry/client.ts';
import { mediaTypeOf } from './contents.ts';
import type { BundledImage } from './load-plan.ts';
import type { FoundImage } from './read-images.ts';

/** A descriptor (OCI image specification, "Content Descriptors"). */
interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/**
 * The text of `index.json` (OCI image specification, "Image Layout"): every image and list by the name of its target, and
 * the artifacts, which tools such as oras find by their subject.
 *
 * @param found the same images in the same order, with the bytes of their manifests
 */
export function renderLayoutIndex(images: readonly BundledImage[], found: readonly FoundImage[]): string {
  const manifests = images.flatMap((image, index): Descriptor[] => {
    const { root, artifacts } = found[index] ?? missing(image);
    const named = (tag: string): Pick<Descriptor, 'annotations'> => {
      const { registry, repository } = image.target;
      return {
        annotations: { 'org.opencontainers.image.ref.name': formatReference({ registry, repository, tag }) },
      };
    };
    return [
      { ...descriptorOf(root), ...named(image.target.tag) },
      ...artifacts.map(({ root, artifact: { artifactType, tag } }) => ({
        ...descriptorOf(root),
        ...(artifactType && { artifactType }),
        ...(tag && named(tag)),
      })),
      ...image.referrers.map(({ hex, size, subject }) => ({
        mediaType: INDEX_TYPE,
        digest: `sha256:${hex}`,
        size,
        ...named(fallbackTag(subject)),
      })),
    ];
  });
  // Two images may have the same artifact.
  const distinct = [...new Map(manifests.map((it) => [JSON.stringify(it), it])).values()];
  return `${JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests: distinct }, null, 2)}\n`;
}

function descriptorOf(manifest: Manifest): Descriptor {
  return { mediaType: mediaTypeOf(manifest), digest: manifest.digest, size: manifest.bytes.length };
}

function missing({ digest }: BundledImage): never {
  throw new Error(`no manifests of ${digest}`);
}
