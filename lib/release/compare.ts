import { byContainer, type ContainerImage, containerName } from '../digests/container-image.ts';
import { formatReference, type ImageReference, repositoryName } from '../image/reference.ts';

/**
 * How an image differs from the one that a container ran before. `server` and `repository`: it moved. `tag`: it has
 * another tag. `digest`: the same tag has another digest. `digest-added`, `digest-lost`: the release added or removed
 * the digest.
 */
export type Difference = 'server' | 'repository' | 'tag' | 'digest' | 'digest-added' | 'digest-lost';

/** One image in the place of another, in all the containers where that is so. */
export interface ImageChange {
  readonly before: ImageReference;
  readonly after: ImageReference;
  /** At least one. */
  readonly differences: readonly Difference[];
  /** The containers as they are now, by component and container. */
  readonly containers: readonly ContainerImage[];
}

/** What one release has and another has not. */
export interface Comparison {
  readonly componentsAdded: readonly string[];
  readonly componentsRemoved: readonly string[];
  /** Containers that only the new release has, those of added components too. */
  readonly added: readonly ContainerImage[];
  readonly removed: readonly ContainerImage[];
  /** Containers among those added and removed that are one under another name, because they alone run a repository. */
  readonly moved: readonly { readonly before: ContainerImage; readonly after: ContainerImage }[];
  /** By the image before, then after. */
  readonly changed: readonly ImageChange[];
  /** How many containers run the very same image. */
  readonly unchanged: number;
}

/** Compares the containers of two releases by their names. Pure; the order of both does not matter. */
export function compareReleases(
  before: readonly ContainerImage[],
  after: readonly ContainerImage[],
): Comparison {
  const old = new Map(before.map((image) => [containerName(image), image]));
  const now = new Map(after.map((image) => [containerName(image), image]));
  const components = (images: readonly ContainerImage[]): Set<string> =>
    new Set(images.map(({ component }) => component));
  const oldComponents = components(before);
  const newComponents = components(after);
  const changed = changes(old, after);
  const added = after.filter((image) => !old.has(containerName(image))).sort(byContainer);
  const removed = before.filter((image) => !now.has(containerName(image))).sort(byContainer);
  return {
    componentsAdded: [...newComponents].filter((name) => !oldComponents.has(name)).sort(),
    componentsRemoved: [...oldComponents].filter((name) => !newComponents.has(name)).sort(),
    added,
    removed,
    moved: moves(removed, added),
    changed,
    unchanged:
      after.filter((image) => old.has(containerName(image))).length -
      changed.reduce((sum, { containers }) => sum + containers.length, 0),
  };
}

function moves(removed: readonly ContainerImage[], added: readonly ContainerImage[]): Comparison['moved'] {
  const only = (images: readonly ContainerImage[], name: string): ContainerImage | undefined => {
    const [first, ...more] = images.filter(({ image }) => repositoryName(image) === name);
    return more.length === 0 ? first : undefined;
  };
  return removed.flatMap((before) => {
    const name = repositoryName(before.image);
    const after = only(added, name);
    return after && only(removed, name) === before ? { before, after } : [];
  });
}

function changes(old: ReadonlyMap<string, ContainerImage>, after: readonly ContainerImage[]): ImageChange[] {
  const groups = new Map<string, ImageChange & { containers: ContainerImage[] }>();
  for (const container of [...after].sort(byContainer)) {
    const before = old.get(containerName(container))?.image;
    const differences = before ? differencesOf(before, container.image) : [];
    if (!before || differences.length === 0) continue;
    const key = `${formatReference(before)} ${formatReference(container.image)}`;
    const group = groups.get(key);
    if (group) group.containers.push(container);
    else groups.set(key, { before, after: container.image, differences, containers: [container] });
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, change]) => change);
}

function differencesOf(before: ImageReference, after: ImageReference): Difference[] {
  const differences: Difference[] = [];
  if (before.registry !== after.registry) differences.push('server');
  if (before.repository !== after.repository) differences.push('repository');
  if (before.tag !== after.tag) differences.push('tag');
  if (!before.digest && after.digest) differences.push('digest-added');
  else if (before.digest && !after.digest) differences.push('digest-lost');
  else if (before.digest !== after.digest && before.tag === after.tag) differences.push('digest');
  return differences;
}
