import { type ContainerImage, containerName } from '../digests/container-image.ts';
import type { Release } from '../digests/release.ts';
import type { ImageReference } from '../image/reference.ts';
import { type Resolution, resolveTags, type TagSource, tagName } from './resolve.ts';

/** A tag without a digest, and who needs it. */
export interface Unresolved {
  /** `registry/repository:tag`. */
  readonly image: string;
  /** `component/container`, in order; the chart is called by its name. */
  readonly containers: readonly string[];
  readonly resolution: Exclude<Resolution, { result: 'found' }>;
}

export interface LockResult {
  /** With a digest for every image; left out if one could not be had. */
  readonly release?: Release;
  readonly unresolved: readonly Unresolved[];
}

/**
 * Gives every image of a release its digest. A digest that the release itself names stays, because it says more than
 * its tag; one that came from the tag is asked for again.
 *
 * @param local servers of the local registry: an image that the user's values name there is not asked for, because the
 *   connected side may not reach it
 * @param onResolved called after each distinct image
 * @throws InputError if a credential helper fails
 */
export async function lockRelease(
  release: Release,
  client: TagSource,
  local: readonly string[] = [],
  onResolved?: (done: number, total: number) => void,
): Promise<LockResult> {
  const { info, images } = release;
  const artifact = info.product === 'ess-helm' ? info.artifact : undefined;
  const open = images.filter(
    ({ image, digestFromTag, inline }) =>
      image.tag && (!image.digest || digestFromTag) && !(inline && local.includes(image.registry)),
  );
  const wanted = [
    ...open.map((container) => ({ name: containerName(container), image: container.image })),
    ...(artifact && info.product === 'ess-helm' ? [{ name: info.chart, image: artifact }] : []),
  ];
  const known = new Map(
    wanted.flatMap(({ image }) => (image.digest ? [[tagName(image), image.digest] as const] : [])),
  );
  const resolved = await resolveTags(
    wanted.map(({ image }) => image),
    client,
    known,
    onResolved,
  );
  const unresolved = collect(wanted, resolved);
  if (unresolved.length > 0) return { unresolved };

  const digestOf = (image: ImageReference): string => {
    const resolution = resolved.get(tagName(image));
    if (resolution?.result !== 'found') throw new Error(`${tagName(image)} was not resolved`);
    return resolution.digest;
  };
  const locked = images.map((container): ContainerImage => {
    if (!open.includes(container)) return container;
    return {
      ...container,
      image: { ...container.image, digest: digestOf(container.image) },
      digestFromTag: true,
    };
  });
  return {
    release: {
      info:
        artifact && info.product === 'ess-helm'
          ? { ...info, artifact: { ...artifact, digest: digestOf(artifact) } }
          : info,
      images: locked,
      artifacts: release.artifacts,
      layers: release.layers,
    },
    unresolved,
  };
}

function collect(
  wanted: readonly { readonly name: string; readonly image: ImageReference }[],
  resolved: ReadonlyMap<string, Resolution>,
): Unresolved[] {
  return [...resolved]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([image, resolution]) => {
      if (resolution.result === 'found') return [];
      const containers = wanted.filter((own) => tagName(own.image) === image).map(({ name }) => name);
      return { image, containers, resolution };
    });
}
