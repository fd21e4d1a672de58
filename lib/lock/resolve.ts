import { groupBy } from '../common/collections.ts';
import { formatReference, type ImageReference } from '../image/reference.ts';
import { RegistryError } from '../registry/error.ts';
import { mapBounded } from '../registry/map-bounded.ts';

/** What resolving asks of a registry client. */
export interface TagSource {
  digestOf(image: ImageReference, reference: string): Promise<string | undefined>;
  manifest(image: ImageReference, reference: string): Promise<{ readonly digest: string } | undefined>;
}

/**
 * What a registry says about a tag. missing: it has no such tag. unknown: it gave no answer, for the reason that is
 * given.
 */
export type Resolution =
  | { readonly result: 'found'; readonly digest: string }
  | { readonly result: 'missing' }
  | { readonly result: 'unknown'; readonly reason: string };

/** Few, so that a registry that counts requests is not provoked. */
const CONNECTIONS = 4;

/**
 * Asks the registries which digest each tag has: that of the index, if there is one. The digest is checked against the
 * bytes of the manifest, unless `known` has it already.
 *
 * @param images each with a tag; the same one may come several times and is asked for once
 * @param known digests that a tag is known to have had, by `registry/repository:tag`
 * @param onResolved called after each distinct image
 * @returns by `registry/repository:tag`
 * @throws InputError if a credential helper fails
 */
export async function resolveTags(
  images: readonly ImageReference[],
  client: TagSource,
  known: ReadonlyMap<string, string>,
  onResolved: (done: number, total: number) => void = () => {},
): Promise<Map<string, Resolution>> {
  const distinct = new Map(images.map((image) => [tagName(image), image]));
  const byServer = groupBy(distinct, ([, { registry }]) => registry);
  const resolved = new Map<string, Resolution>();
  const ask = async ([name, image]: [string, ImageReference]): Promise<void> => {
    resolved.set(name, await resolve(image, client, known.get(name)));
    onResolved(resolved.size, distinct.size);
  };
  await Promise.all(
    [...byServer.values()].map(async (entries) => {
      // The first goes alone: if its login is refused, the others are not tried, and no account gets locked.
      await mapBounded(entries.slice(0, 1), 1, ask);
      await mapBounded(entries.slice(1), CONNECTIONS, ask);
    }),
  );
  return resolved;
}

/** `registry/repository:tag`, without the digest. */
export function tagName({ digest: _, ...image }: ImageReference): string {
  return formatReference(image);
}

async function resolve(
  image: ImageReference,
  client: TagSource,
  known: string | undefined,
): Promise<Resolution> {
  try {
    // HEAD does not count against the quota of Docker Hub.
    const digest = await client.digestOf(image, image.tag ?? '');
    if (digest === undefined) return { result: 'missing' };
    if (digest === known) return { result: 'found', digest };
    // Asked for by its digest, a manifest is compared with it.
    const manifest = await client.manifest(image, digest);
    return manifest
      ? { result: 'found', digest: manifest.digest }
      : {
          result: 'unknown',
          reason: `${formatReference(image)} has the digest ${digest}, which the registry does not have`,
        };
  } catch (error) {
    if (error instanceof RegistryError) return { result: 'unknown', reason: error.message };
    throw error;
  }
}
