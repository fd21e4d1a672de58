import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cosignTag } from '../../lib/digests/artifacts.ts';
import { parseRelease } from '../../lib/digests/read.ts';
import { InputError } from '../../lib/index.ts';
import { renderLock } from '../../lib/lock/render.ts';
import { artifactList, digestsFile, release } from '../support/arbitraries.ts';

const d = (digit: string): string => `sha256:${digit.repeat(64)}`;
const head = `images_digests:
  web:
    web:
      image_digest: ${d('0')}
      image_repository_path: vectorim/element-web
      image_repository_server: docker.io
      image_tag: v1
`;
const image = `"docker.io/vectorim/element-web@${d('0')}"`;
const minimal = (more = '', subject = d('0'), digest = d('a')): string =>
  `    - digest: ${digest}\n      subject: ${subject}\n      media_type: application/vnd.oci.image.manifest.v1+json\n      size: 12\n${more}`;
const file = (list: string, key = image): string => `${head}artifacts:\n  ${key}:${list}`;
const read = (text: string) => parseRelease(text, 'd.yml').artifacts;

function problemsOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
  throw new Error('this was accepted');
}

test('a lock with artifacts is read as it was rendered, and rendered with the same bytes', () => {
  fc.assert(
    fc.property(release, fc.array(artifactList, { maxLength: 4 }), (containers, lists) => {
      const base = parseRelease(digestsFile(containers), 'd.yml');
      const artifacts = new Map(
        lists.map((list, index) => [`docker.io/library/i${index}@${d('f')}`, list] as const),
      );
      const text = renderLock({ ...base, artifacts });
      const again = parseRelease(text, 'd.yml');
      expect(again.artifacts).toEqual(artifacts);
      expect(renderLock(again)).toBe(text);
      expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    }),
    { numRuns: 300 },
  );
});

test('an empty list is kept apart from no entry', () => {
  expect([...read(file(' []\n'))]).toEqual([[`docker.io/vectorim/element-web@${d('0')}`, []]]);
  expect(read(head).size).toBe(0);
  expect(renderLock(parseRelease(head, 'd.yml'))).not.toContain('artifacts');
});

test('a short name of Docker Hub is the long one', () => {
  expect([...read(file(' []\n', `"docker.io/redis@${d('0')}"`)).keys()]).toEqual([
    `docker.io/library/redis@${d('0')}`,
  ]);
});

test.each([
  [
    'a list',
    `${head}artifacts: []\n`,
    'd.yml:8:1: error: artifacts is a list; expected a mapping from images',
  ],
  ['a tag in the key', file(' []\n', `"docker.io/x/y:1@${d('0')}"`), 'without a tag'],
  ['a key without digest', file(' []\n', 'docker.io/x/y:1'), 'without a tag'],
  ['a mapping for the list', file(' {}\n'), 'd.yml:9:'],
  [
    'a word for an artifact',
    file('\n    - sig\n'),
    'd.yml:10:7: error: an artifact is "sig"; expected a mapping',
  ],
  ['an unknown key', file(`\n${minimal('      artifact_typ: a/b\n')}`), 'Did you mean artifact_type?'],
  [
    'no subject',
    file(`\n    - digest: ${d('a')}\n      media_type: a/b\n      size: 1\n`),
    'an artifact has no subject',
  ],
  [
    'a digest that is none',
    file(`\n${minimal('', d('0'), 'sha256:12')}`),
    'd.yml:10:15: error: the digest of an artifact is "sha256:12"',
  ],
  ['a size above 4 MiB', file(`\n${minimal().replace('size: 12', 'size: 4194305')}`), '4194304 at most'],
  [
    'a tag of something else',
    file(`\n${minimal(`      tag: ${cosignTag(d('1'), 'sig')}\n`)}`),
    'is not one of its subject',
  ],
  [
    'a tag that is no tag of cosign',
    file(`\n${minimal('      tag: latest\n')}`),
    'the tag of an artifact is "latest"',
  ],
  ['the same artifact twice', file(`\n${minimal()}${minimal()}`), 'is listed a second time'],
  ['an artifact of itself', file(`\n${minimal('', d('a'))}`), 'or to itself'],
  [
    'two artifacts of each other',
    file(`\n${minimal('', d('b'), d('a'))}${minimal('', d('a'), d('b'))}`),
    'or to itself',
  ],
  [
    'a chain that is too long',
    file(`\n${['0', '1', '2', '3', '4', '5'].map((n, i) => minimal('', d(n), d(String(i + 1)))).join('')}`),
    'through more than 4 other artifacts',
  ],
  [
    'annotations that are a list',
    file(`\n${minimal('      annotations: [a]\n')}`),
    'expected a mapping from words to words',
  ],
  [
    'an annotation that is a mapping',
    file(`\n${minimal('      annotations: { a: {} }\n')}`),
    'expected a text',
  ],
  [
    'too many annotations',
    file(
      `\n${minimal(`      annotations:\n${Array.from({ length: 101 }, (_, i) => `        a${i}: b\n`).join('')}`)}`,
    ),
    'has 101 annotations',
  ],
  [
    'large annotations',
    file(`\n${minimal(`      annotations: { a: ${'x'.repeat(70_000)} }\n`)}`),
    '65536 at most',
  ],
  [
    'too many artifacts',
    file(
      `\n${Array.from({ length: 1001 }, (_, i) => minimal('', d('0'), `sha256:${String(i).padStart(64, '0')}`)).join('')}`,
    ),
    'has 1001 artifacts; expected 1000 at most',
  ],
])('%s is refused', (_name, text, words) => {
  expect(problemsOf(text)).toContain(words);
});

test('artifacts without images_digests around it is a component, as before', () => {
  expect(
    problemsOf(`artifacts:\n  x: []\n${head.slice('images_digests:\n'.length).replace(/^ {2}/gm, '')}`),
  ).toContain('the container artifacts/x');
});
