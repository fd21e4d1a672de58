import type { ImageReference } from '../image/reference.ts';
import type { Manifest, RegistryClient } from '../registry/client.ts';
import type { TagSource } from './resolve.ts';
import type { ArtifactSource } from './subject-artifacts.ts';

/** The most bytes of manifests that are kept, all together. */
const MAX_KEPT = 64 * 1024 * 1024;

/**
 * A registry client that asks for each manifest once: a lock reads the index of an image for its digest and again for
 * what belongs to it, and Docker Hub counts both.
 */
export function rememberManifests(client: RegistryClient): TagSource & ArtifactSource {
  const kept = new Map<string, Manifest>();
  let bytes = 0;
  return {
    digestOf: (image, reference) => client.digestOf(image, reference),
    referrers: (image, digest) => client.referrers(image, digest),
    async manifest(image: ImageReference, reference: string) {
      const key = `${image.registry}/${image.repository}@${reference}`;
      const known = kept.get(key);
      if (known) return known;
      const manifest = await client.manifest(image, reference);
      // A tag may move; what a digest names does not.
      if (manifest?.digest === reference && bytes + manifest.bytes.length <= MAX_KEPT) {
        bytes += manifest.bytes.length;
        kept.set(key, manifest);
      }
      return manifest;
    },
  };
}
