import { type Artifact, artifactsKey } from '../digests/artifacts.ts';
import { containerName } from '../digests/container-image.ts';
import type { Release } from '../digests/release.ts';
import { isSignature } from '../plan/artifacts.ts';

/** How the artifacts of one image differ between two releases that both have the image and know its artifacts. */
export interface ArtifactChange {
  /** `registry/repository@digest`. */
  readonly image: string;
  readonly added: readonly Artifact[];
  readonly removed: readonly Artifact[];
}

type KnownRelease = Pick<Release, 'images' | 'artifacts'>;

export interface ArtifactComparison {
  /** Images of both releases with other artifacts than before, by name. */
  readonly changed: readonly ArtifactChange[];
  /**
   * Images of which only the new release knows the artifacts, and of which only the old one did. Images that only one of the
   * releases has are left out.
   */
  readonly nowKnown: readonly string[];
  readonly noLongerKnown: readonly string[];
  /** Images without a signature in the place of images that had one, by the new image. */
  readonly unsigned: readonly { readonly before: string; readonly after: string }[];
}

/** Whether two releases differ in nothing that is known of artifacts. */
export function isUnchanged({ changed, nowKnown, noLongerKnown, unsigned }: ArtifactComparison): boolean {
  return changed.length + nowKnown.length + noLongerKnown.length + unsigned.length === 0;
}

/** Compares what two releases know of the artifacts of their images. */
export function compareArtifacts(before: KnownRelease, after: KnownRelease): ArtifactComparison {
  return {
    changed: [...after.artifacts]
      .flatMap(([image, list]): ArtifactChange[] => {
        const old = before.artifacts.get(image);
        if (!old) return [];
        const added = without(list, old);
        const removed = without(old, list);
        return added.length + removed.length > 0 ? [{ image, added, removed }] : [];
      })
      .sort((a, b) => (a.image < b.image ? -1 : 1)),
    nowKnown: only(after, before),
    noLongerKnown: only(before, after),
    unsigned: findUnsigned(before, after),
  };
}

function findUnsigned(before: KnownRelease, after: KnownRelease): ArtifactComparison['unsigned'] {
  const old = new Map(before.images.map((image) => [containerName(image), artifactsKey(image.image)]));
  const isSigned = (list: readonly Artifact[] | undefined): boolean | undefined => list?.some(isSignature);
  const pairs = after.images.flatMap((container): [string, { before: string; after: string }][] => {
    const [was, now] = [old.get(containerName(container)), artifactsKey(container.image)];
    if (was === undefined || now === undefined || was === now) return [];
    const isLost = isSigned(before.artifacts.get(was)) && isSigned(after.artifacts.get(now)) === false;
    return isLost ? [[`${now} ${was}`, { before: was, after: now }]] : [];
  });
  return [...new Map(pairs)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair);
}

/** Images of which one release alone knows the artifacts, though it is not the only one to have the image. */
function only(release: KnownRelease, other: KnownRelease): string[] {
  const [own, others] = [release, other].map(
    ({ images }) => new Set(images.map(({ image }) => artifactsKey(image))),
  );
  return [...release.artifacts.keys()]
    .filter((image) => !other.artifacts.has(image) && (others?.has(image) || !own?.has(image)))
    .sort();
}

/** The artifacts that another list does not have with the same facts. */
function without(list: readonly Artifact[], other: readonly Artifact[]): Artifact[] {
  const there = new Set(other.map(factsOf));
  return list.filter((artifact) => !there.has(factsOf(artifact)));
}

function factsOf(artifact: Artifact): string {
  const { digest, subject, mediaType, size, artifactType, annotations, tag, platform } = artifact;
  return JSON.stringify([digest, subject, mediaType, size, artifactType, annotations, tag, platform]);
}
