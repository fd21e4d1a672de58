import { repositoryName } from '../image/reference.ts';
import type { Blob } from './contents.ts';
import {
  type BundledArtifact,
  type BundledBlob,
  type BundledContents,
  type BundledImage,
  contentsOf,
  type LoadPlan,
} from './load-plan.ts';

/** What the registry on the other side has in a repository: an image, and its layers. */
export interface Brought {
  /** `registry/repository`. */
  readonly repository: string;
  readonly digest: string;
  readonly layers: ReadonlySet<string>;
}

/** What the registry has once a bundle is loaded. */
export function broughtBy({ images }: LoadPlan): Brought[] {
  return images.flatMap((image) =>
    contentsOf(image).map(({ digest, blobs }) => ({
      repository: repositoryName(image.target),
      digest,
      layers: new Set(blobs.filter(({ kind }) => kind === 'layer').map(({ hex }) => hex)),
    })),
  );
}

/** Something that is pushed by itself, before it is known which of its blobs the bundle holds. */
type Planned<T extends BundledContents> = Omit<T, 'blobs'> & { readonly blobs: readonly Blob[] };

/** An image, before it is known which blobs of it and its artifacts the bundle holds. */
export type PlannedImage = Omit<Planned<BundledImage>, 'artifacts'> & {
  readonly artifacts: readonly Planned<BundledArtifact>[];
};

/**
 * Leaves out the layers that an older bundle brought, of images and of artifacts. A push can do without a layer only if the
 * registry has it in the same repository. A layer that any image needs in a repository where the older bundle did not put it
 * is therefore carried, for all images. Configurations, manifests and lists of referrers are always carried: they are small,
 * and every push reads them.
 */
export function leaveOut(images: readonly PlannedImage[], older: readonly Brought[]): BundledImage[] {
  const holder = (image: PlannedImage, { hex, kind }: Blob): string | undefined => {
    const repository = repositoryName(image.target);
    const found = older.find((it) => kind === 'layer' && it.repository === repository && it.layers.has(hex));
    return found && `${repository}@${found.digest}`;
  };
  const needed = new Set<string>();
  for (const image of images) {
    for (const { manifests, blobs } of [image, ...image.artifacts]) {
      for (const { hex } of manifests) needed.add(hex);
      for (const blob of blobs) if (holder(image, blob) === undefined) needed.add(blob.hex);
    }
  }
  return images.map((image) => {
    const mark = (blobs: readonly Blob[]): BundledBlob[] =>
      blobs.map((blob) => {
        const heldBy = needed.has(blob.hex) ? undefined : holder(image, blob);
        return { ...blob, ...(heldBy && { heldBy }) };
      });
    const artifacts = image.artifacts.map((artifact) => ({ ...artifact, blobs: mark(artifact.blobs) }));
    return { ...image, artifacts, blobs: mark(image.blobs) };
  });
}
