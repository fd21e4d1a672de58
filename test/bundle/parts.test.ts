import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBrought, renderLoadPlan } from '../../lib/bundle/load-plan.ts';
import { distribute, parseSize, pieceCount } from '../../lib/bundle/parts.ts';
import { leaveOut, type PlannedImage } from '../../lib/bundle/since.ts';
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
  }),
  { maxLength: 6 },
);
const planned = (made: { repository: string; layers: number[] }[], release: number): PlannedImage[] =>
  made.map(({ repository, layers }, index) => ({
    target: { registry: 'r.example', repository, tag: `v${release}-${index}` },
    digest: `sha256:${hexDigits(release)}`,
    containers: ['x/y'],
    manifests: [],
    blobs: [
      { hex: hexDigits(15), size: 1, kind: 'config' },
      ...layers.map((layer) => ({ hex: hexDigits(layer), size: 1, kind: 'layer' as const })),
    ],
  }));

test('a push finds every layer: in the bundle, or in the same repository by the older one', () => {
  fc.assert(
    fc.property(images, images, (before, after) => {
      const old = leaveOut(planned(before, 1), []);
      const text = renderLoadPlan({ parts: 1, images: old, own: [] });
      const bundled = leaveOut(planned(after, 2), readBrought(text, 'load.plan'));
      const held = new Set(
        bundled.flatMap(({ blobs }) => blobs.filter((it) => !it.heldBy).map(({ hex }) => hex)),
      );
      for (const { target, blobs } of bundled) {
        for (const { hex, kind, heldBy } of blobs) {
          // Left out means out for every image, or the file would be there for some and thought missing by others.
          expect(held.has(hex)).toBe(heldBy === undefined);
          if (heldBy === undefined) continue;
          expect(kind).toBe('layer');
          const there = old.filter((it) => it.target.repository === target.repository);
          expect(there.some((it) => it.blobs.some((blob) => blob.hex === hex))).toBe(true);
          expect(heldBy).toBe(`r.example/${target.repository}@sha256:${hexDigits(1)}`);
        }
      }
    }),
  );
});

test('a load.plan that is cut short at any line is refused', () => {
  const text = renderLoadPlan({
    parts: 1,
    images: leaveOut(planned([{ repository: 'a', layers: [1, 2] }], 1), []),
    own: [],
  });
  expect(readBrought(text, 'load.plan')).toHaveLength(1);
  const lines = text.split('\n');
  for (let length = 0; length < lines.length - 1; length++) {
    const cut = `${lines.slice(0, length).join('\n')}\n`;
    expect(() => readBrought(cut, 'load.plan')).toThrow(InputError);
  }
});
