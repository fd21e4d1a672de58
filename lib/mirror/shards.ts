import { createHash } from 'node:crypto';
import { groupBy } from '../common/collections.ts';
import { repositoryName } from '../image/reference.ts';
import type { Relocation } from '../plan/model.ts';

/**
 * The images of each pod of a sharded mirror. Images of one source repository stay together, because they share
 * layers; the shards are as even as that allows; and the release that adds an image moves few of the others:
 * every repository has its own order of preference among the shards (rendezvous hashing), and takes the first of
 * them that is not full.
 *
 * @param count how many shards; some are empty where there are fewer repositories
 */
export function partition(relocations: readonly Relocation[], count: number): Relocation[][] {
  const shards = Array.from({ length: count }, (): Relocation[] => []);
  const full = Math.ceil(relocations.length / count);
  for (const group of byRepository(relocations)) {
    const preferred = shards
      .map((shard, index) => ({ shard, weight: digest(`${group.name} ${index}`) }))
      .sort((a, b) => (a.weight < b.weight ? -1 : 1))
      .map(({ shard }) => shard);
    const smallest = Math.min(...shards.map(({ length }) => length));
    const chosen =
      preferred.find((shard) => shard.length + group.images.length <= full) ??
      preferred.find((shard) => shard.length === smallest);
    chosen?.push(...group.images);
  }
  return shards;
}

/** Largest first, as they are hardest to place; then in an order that a new one does not disturb. */
function byRepository(relocations: readonly Relocation[]): { name: string; images: Relocation[] }[] {
  return [...groupBy(relocations, ({ source, target }) => repositoryName(source ?? target))]
    .map(([name, images]) => ({ name, images, weight: digest(name) }))
    .sort((a, b) => b.images.length - a.images.length || (a.weight < b.weight ? -1 : 1));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
