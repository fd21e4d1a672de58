import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Blob } from '../../lib/bundle/contents.ts';
import { LIMITS } from '../../lib/bundle/limits.ts';
import {
  type BundledImage,
  contentsOf,
  type LoadPlan,
  OTHER_PATHS,
  type Placement,
  renderLoadPlan,
} from '../../lib/bundle/load-plan.ts';
import { parseLoadPlan } from '../../lib/bundle/parse-load-plan.ts';
import { distribute, formatSize, parseSize, pieceCount } from '../../lib/bundle/parts.ts';
import { broughtBy, leaveOut, type PlannedImage } from '../../lib/bundle/since.ts';
import { MAX_ARTIFACTS } from '../../lib/digests/artifacts.ts';
import { InputError } from '../../lib/index.ts';

test.each([
  ['4GB', 4_000_000_000],
  ['4 gb', 4_000_000_000],
  ['700MiB', 734_003_200],
  ['1.5k', 1500],
  ['1024', 1024],
  ['1024B', 1024],
  ['0', undefined],
  ['-1GB', undefined],
  ['4 GB or so', undefined],
  ['1e9', undefined],
  ['', undefined],
])('%s is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  [0, '0.0 kB'],
  [999_949, '999.9 kB'],
  [1_500_000, '1.5 MB'],
  [4_213_415_133, '4.2 GB'],
])('%s bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text);
});

test('no part is larger than it may be, and together they hold every byte once', () => {
  const sizes = fc.array(fc.nat(5000), { maxLength: 40 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1000, max: 4000 }), fc.nat(900), (all, partSize, first) => {
      const files = all.map((size, index) => ({ path: `blobs/sha256/${index}`, size }));
      const parts = distribute(files, partSize, first);
      parts.forEach((part, index) => {
        const bytes = part.reduce((sum, { size }) => sum + size, 0);
        expect(bytes + (index === 0 ? first : 0)).toBeLessThanOrEqual(partSize);
      });
      for (const { path, size } of files) {
        const own = parts.flat().filter((file) => file.path === path || file.piece?.of === path);
        expect(own).toHaveLength(pieceCount(size, partSize));
        const inOrder = own.sort((a, b) => (a.piece?.from ?? 0) - (b.piece?.from ?? 0));
        let at = 0;
        for (const file of inOrder) {
          expect(file.piece?.from ?? 0).toBe(at);
          at += file.size;
        }
        expect(at).toBe(size);
      }
    }),
  );
});

const hexDigits = (digit: number): string => digit.toString(16).repeat(64);
const images = fc.array(
  fc.record({
    repository: fc.constantFrom('a', 'b', 'c'),
    layers: fc.uniqueArray(fc.nat(9), { maxLength: 5 }),
    artifacts: fc.array(
      fc.record({
        of: fc.nat(5),
        suffix: fc.option(fc.constantFrom('sig', 'att', 'sbom'), { nil: undefined }),
        layers: fc.uniqueArray(fc.nat(9), { maxLength: 3 }),
      }),
      { maxLength: 5 },
    ),
    lists: fc.boolean(),
  }),
  { maxLength: 6 },
);
interface MadeImage {
  repository: string;
  layers: number[];
  artifacts: { of: number; suffix: string | undefined; layers: number[] }[];
  lists: boolean;
}
const digestOf = (...numbers: number[]): string =>
  `sha256:${createHash('sha256').update(numbers.join()).digest('hex')}`;
const blobsOf = (layers: readonly number[]): Blob[] => [
  { hex: hexDigits(15), size: 1, kind: 'config' },
  ...layers.map((layer) => ({ hex: hexDigits(layer), size: 1, kind: 'layer' as const })),
];
const planned = (made: MadeImage[], release: number): PlannedImage[] =>
  made.map(({ repository, layers, artifacts: drafts, lists }, index) => {
    const digest = digestOf(release, index);
    const subjects = [digest];
    const tags = new Set<string>();
    const artifacts = drafts.map(({ of, suffix, layers }, number) => {
      const subject = subjects[of % subjects.length] ?? digest;
      const own = digestOf(release, index, number);
      subjects.push(own);
      const tag = `${subject.replace(':', '-')}.${suffix}`;
      // A tag has one manifest.
      const isFree = suffix !== undefined && !tags.has(tag);
      tags.add(tag);
      const rest = { size: 3, manifests: [], omitted: [], blobs: blobsOf(layers) };
      return { digest: own, subject, ...(isFree && { tag }), ...rest };
    });
    const referred = new Set(artifacts.filter(({ tag }) => tag === undefined).map(({ subject }) => subject));
    const referrers = [...referred].map((subject, number) => ({
      hex: digestOf(release, index, number, 1).slice(7),
      size: 9,
      subject,
    }));
    return {
      target: { registry: 'r.example', repository, tag: `v${release}-${index}` },
      digest,
      size: 1,
      containers: ['x/y'],
      manifests: [],
      omitted: index % 2 === 0 ? [] : [{ hex: hexDigits(14), size: 7 }],
      blobs: blobsOf(layers),
      artifacts,
      referrers: lists ? referrers : [],
    };
  });
/** A plan in one part, or in three of which one layer is cut. */
const planOf = (bundled: readonly BundledImage[], parts = 1): LoadPlan => {
  const all = bundled.flatMap((image) => [
    ...contentsOf(image).flatMap(({ digest, blobs }) => [
      digest.slice(7),
      ...blobs.filter(({ heldBy }) => !heldBy).map(({ hex }) => hex),
    ]),
    ...image.referrers.map(({ hex }) => hex),
  ]);
  const placements = new Map(all.map((hex, index): [string, Placement] => [hex, (index % parts) + 1]));
  return {
    parts,
    files: OTHER_PATHS.map((path) => ({ path, hex: hexDigits(3), size: 5 })),
    images: bundled,
    own: [
      { target: { registry: 'r.example', repository: 'own/x', tag: 'v1' }, containers: [] },
      {
        target: { registry: 'localhost:5000', repository: 'own/y', tag: 'v1' },
        digest: `sha256:${hexDigits(4)}`,
        containers: ['a/b', 'c.d/e'],
      },
    ],
    placements,
  };
};

test('load.plan says the same when it is read again', () => {
  fc.assert(
    fc.property(images, fc.integer({ min: 1, max: 3 }), (made, parts) => {
      const plan = planOf(leaveOut(planned(made, 1), []), parts);
      expect(parseLoadPlan(renderLoadPlan(plan), 'load.plan')).toEqual(plan);
    }),
  );
});

test('a push finds every layer: in the bundle, or in the same repository by the older one', () => {
  fc.assert(
    fc.property(images, images, (before, after) => {
      const old = leaveOut(planned(before, 1), []);
      const text = renderLoadPlan(planOf(old));
      const bundled = leaveOut(planned(after, 2), broughtBy(parseLoadPlan(text, 'load.plan')));
      const held = new Set(
        bundled
          .flatMap(contentsOf)
          .flatMap(({ blobs }) => blobs.filter((it) => !it.heldBy).map(({ hex }) => hex)),
      );
      for (const image of bundled) {
        const there = old
          .filter((it) => it.target.repository === image.target.repository)
          .flatMap(contentsOf);
        for (const { hex, kind, heldBy } of contentsOf(image).flatMap(({ blobs }) => blobs)) {
          // Left out for one image means left out for all, or the file would be there for some and missing for others.
          expect(held.has(hex)).toBe(heldBy === undefined);
          if (heldBy === undefined) continue;
          expect(kind).toBe('layer');
          // The holder is an image or an artifact of the older bundle that has the layer in this repository.
          const holders = there.filter((it) => it.blobs.some((blob) => blob.hex === hex));
          const repository = `r.example/${image.target.repository}`;
          expect(holders.map(({ digest }) => `${repository}@${digest}`)).toContain(heldBy);
        }
      }
    }),
  );
});

const sample = renderLoadPlan(
  planOf(
    leaveOut(
      planned(
        [
          {
            repository: 'a',
            layers: [1, 2],
            artifacts: [
              { of: 0, suffix: undefined, layers: [3] },
              { of: 1, suffix: undefined, layers: [] },
              { of: 0, suffix: 'sig', layers: [4] },
            ],
            lists: true,
          },
        ],
        1,
      ),
      [],
    ),
  ),
);

test('a load.plan that is cut short at any byte is rejected', () => {
  expect(parseLoadPlan(sample, 'load.plan').images).toHaveLength(1);
  for (let length = 0; length < sample.length; length++) {
    expect(() => parseLoadPlan(sample.slice(0, length), 'load.plan')).toThrow(InputError);
  }
});

test('whatever load.plan holds, the answer is a plan or an InputError', () => {
  const lines = sample.split('\n');
  const words = fc.constantFrom(...lines.flatMap((line) => line.split(' ')), '', '-', '..', '0', '1e9');
  const changes = fc.record({ at: fc.nat(lines.length - 1), field: fc.nat(5), word: words });
  fc.assert(
    fc.property(fc.array(changes, { minLength: 1, maxLength: 4 }), (all) => {
      const changed = lines.map((line) => line.split(' '));
      for (const { at, field, word } of all) (changed[at] as string[])[field] = word;
      const text = changed.map((line) => line.join(' ')).join('\n');
      try {
        // What is accepted is what is written: no reading between the lines.
        expect(renderLoadPlan(parseLoadPlan(text, 'load.plan'))).toBe(text);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }),
    { numRuns: 1000 },
  );
});

test('load.sh has the limits of limits.ts', () => {
  const script = readFileSync('lib/bundle/plan.sh', 'utf8');
  const limit = (name: string): number => Number(new RegExp(`^MAX_${name}=(\\d+)$`, 'm').exec(script)?.[1]);
  expect({
    planBytes: limit('PLAN_BYTES'),
    planLines: limit('PLAN_LINES'),
    planLineBytes: limit('PLAN_LINE_BYTES'),
    parts: limit('PARTS'),
    manifestBytes: limit('MANIFEST_BYTES'),
    allManifestsBytes: limit('ALL_MANIFESTS_BYTES'),
    blobBytes: limit('BLOB_BYTES'),
    descriptors: LIMITS.descriptors,
  }).toEqual(LIMITS);
  expect(limit('ARTIFACTS')).toBe(MAX_ARTIFACTS);
});
