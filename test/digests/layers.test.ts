import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Layer, PlatformLayers } from '../../lib/digests/layers.ts';
import { parseRelease } from '../../lib/digests/read.ts';
import { InputError } from '../../lib/index.ts';
import { renderLock } from '../../lib/lock/render.ts';

const d = (digit: string): string => `sha256:${digit.repeat(64)}`;
const head = `images_digests:
  web:
    web:
      image_digest: ${d('0')}
      image_repository_path: vectorim/element-web
      image_repository_server: docker.io
      image_tag: v1
`;
const image = `docker.io/vectorim/element-web@${d('0')}`;
const file = (value: string, key = `"${image}"`): string => `${head}layers:\n  ${key}:${value}\n`;
const read = (text: string) => parseRelease(text, 'd.yml').layers ?? new Map();

function problemsOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
  throw new Error('this was accepted');
}

test('the layers of an index are known by platform, those of a single manifest without', () => {
  expect([
    ...read(
      file('\n    linux/amd64: "0123456789ab:5 abcdefabcdef:12"\n    linux/arm64/v8: "111111111111:7"'),
    ),
  ]).toEqual([
    [
      image,
      [
        {
          platform: 'linux/amd64',
          layers: [
            { name: '0123456789ab', size: 5 },
            { name: 'abcdefabcdef', size: 12 },
          ],
        },
        { platform: 'linux/arm64/v8', layers: [{ name: '111111111111', size: 7 }] },
      ],
    ],
  ]);
  expect([...read(file(' "0123456789ab:5"'))]).toEqual([
    [image, [{ layers: [{ name: '0123456789ab', size: 5 }] }]],
  ]);
  expect(read(head).size).toBe(0);
  expect(renderLock(parseRelease(head, 'd.yml'))).not.toContain('layers');
});

const layer: fc.Arbitrary<Layer> = fc.record({
  name: fc.stringMatching(/^[0-9a-f]{12}$/),
  size: fc.integer({ min: 0, max: 999_999_999_999 }),
});
const layers = fc.array(layer, { minLength: 1, maxLength: 5 });
const manifests: fc.Arbitrary<readonly PlatformLayers[]> = fc.oneof(
  layers.map((list) => [{ layers: list }]),
  fc.uniqueArray(
    fc.record({ platform: fc.constantFrom('linux/amd64', 'linux/arm/v7', 'linux/s390x'), layers }),
    {
      selector: ({ platform }) => platform,
      minLength: 1,
    },
  ),
);

test('a lock with layers is read as it was rendered, and rendered with the same bytes', () => {
  fc.assert(
    fc.property(fc.array(manifests, { maxLength: 4 }), (all) => {
      const known = new Map(all.map((one, index) => [`docker.io/library/i${index}@${d('f')}`, one] as const));
      const text = renderLock({ ...parseRelease(head, 'd.yml'), layers: known });
      const again = parseRelease(text, 'd.yml');
      expect(again.layers).toEqual(known);
      expect(renderLock(again)).toBe(text);
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['a list', `${head}layers: []\n`, 'd.yml:8:1: error: layers is a list; expected a mapping'],
  ['a tag in the key', file(' "0123456789ab:5"', `"docker.io/x/y:1@${d('0')}"`), 'without a tag'],
  ['a key without digest', file(' "0123456789ab:5"', 'docker.io/x/y'), 'expected registry/repository@sha256'],
  ['a list of layers', file(' [a]'), 'd.yml:9:'],
  [
    'a platform that is none',
    file('\n    amd64: "0123456789ab:5"'),
    'expected a platform such as linux/amd64',
  ],
  ['no layer', file(' ""'), 'd.yml:9:'],
  ['a short name', file(' "0123:5"'), '12 hexadecimal digits'],
  ['no size', file(' "0123456789ab"'), '12 hexadecimal digits'],
  ['a size that is none', file(' "0123456789ab:05"'), '12 hexadecimal digits'],
  ['a size that no layer has', file(' "0123456789ab:1000000000000"'), '12 hexadecimal digits'],
  ['two blanks', file(' "0123456789ab:5  0123456789ab:5"'), '12 hexadecimal digits'],
  ['what a shell would run', file(' "0123456789ab:5 $(reboot)"'), '12 hexadecimal digits'],
])('%s is an error with its place', (_, text, message) => {
  expect(problemsOf(text)).toContain(message);
});
