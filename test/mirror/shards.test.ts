import fc from 'fast-check';
import { expect, test } from 'vitest';
import { repositoryName } from '../../lib/image/reference.ts';
import { partition } from '../../lib/mirror/shards.ts';
import type { Relocation } from '../../lib/plan/model.ts';

/** An image of repository `r`, tag `t`. */
const image = (r: number, t = 0): Relocation => ({
  source: { registry: 'docker.io', repository: `x/${r}`, tag: `v${t}` },
  target: { registry: 'local.test', repository: `x/${r}`, tag: `v${t}` },
  containers: [`c${r}/t${t}`],
});
const nameOf = ({ source, target }: Relocation): string =>
  `${repositoryName(source ?? target)}:${target.tag}`;
const release = fc
  .uniqueArray(fc.tuple(fc.nat(60), fc.nat(2)), { maxLength: 80, selector: ([r, t]) => r * 10 + t })
  .map((pairs) => pairs.map(([r, t]) => image(r, t)));
const shards = fc.integer({ min: 1, max: 12 });

test('every image is in one shard, and those of one repository are in the same', () => {
  fc.assert(
    fc.property(release, shards, (images, count) => {
      const made = partition(images, count);
      expect(made).toHaveLength(count);
      expect(made.flat().map(nameOf).sort()).toEqual(images.map(nameOf).sort());
      const homes = new Map<string, number>();
      made.forEach((shard, index) => {
        for (const { source } of shard) {
          const repository = source?.repository ?? '';
          expect(homes.get(repository) ?? index).toBe(index);
          homes.set(repository, index);
        }
      });
    }),
  );
});

test('shards are even: none has more than its share but for what stays together', () => {
  fc.assert(
    fc.property(release, shards, (images, count) => {
      const largest = Math.max(
        0,
        ...images.map(
          ({ source }) => images.filter((other) => other.source?.repository === source?.repository).length,
        ),
      );
      const sizes = partition(images, count).map(({ length }) => length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(
        Math.ceil(images.length / count) + Math.max(0, largest - 1),
      );
    }),
  );
});

test('the order of the images does not matter', () => {
  fc.assert(
    fc.property(release, shards, (images, count) => {
      const sorted = (made: Relocation[][]) => made.map((shard) => shard.map(nameOf).sort());
      expect(sorted(partition([...images].reverse(), count))).toEqual(sorted(partition(images, count)));
    }),
  );
});

test('one image more moves few of the others', () => {
  for (const count of [2, 4, 8]) {
    let moved = 0;
    for (let added = 100; added < 150; added++) {
      const images = Array.from({ length: 44 }, (_, r) => image(r));
      const home = (made: Relocation[][]) =>
        new Map(made.flatMap((shard, index) => shard.map((it) => [nameOf(it), index] as const)));
      const before = home(partition(images, count));
      const after = home(partition([...images, image(added)], count));
      moved += [...before].filter(([name, shard]) => after.get(name) !== shard).length;
    }
    // On average, of 44.
    expect(moved / 50).toBeLessThanOrEqual(count);
  }
});
