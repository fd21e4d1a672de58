import { repositoryName } from '../image/reference.ts';
import type { Blob } from './contents.ts';
import type { Brought, BundledImage } from './load-plan.ts';

/** An image, before it is known which of its blobs the bundle holds. */
export type PlannedImage = Omit<BundledImage, 'blobs'> & { readonly blobs: readonly Blob[] };

/**
 * Leaves out the layers that an older bundle brought. A push can do without a layer only where the registry has it in
 * the same repository, so one that any image needs in a repository where the older bundle did not put it stays in,
 * for all of them. Configurations and manifests always do: they are small, and every push reads them.
 */
export function leaveOut(images: readonly PlannedImage[], older: readonly Brought[]): BundledImage[] {
  const holder = (image: PlannedImage, { hex, kind }: Blob): string | undefined => {
    const repository = repositoryName(image.target);
    const found = older.find((it) => kind === 'layer' && it.repository === repository && it.layers.has(hex));
    return found && `${repository}@${found.digest}`;
  };
  const needed = new Set<string>();
  for (const image of images) {
    for (const blob of image.blobs) if (holder(image, blob) === undefined) needed.add(blob.hex);
  }
  return images.map((image) => ({
    ...image,
    blobs: image.blobs.map((blob) => {
      const heldBy = needed.has(blob.hex) ? undefined : holder(image, blob);
      return { ...blob, pieces: 1, ...(heldBy && { heldBy }) };
    }),
  }));
}
