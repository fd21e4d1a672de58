import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ContainerImage, InputError, parseDigests } from '../../lib/index.ts';

const digest = `sha256:${'a'.repeat(64)}`;

/** A digests file of one container, with some of its lines replaced. */
function oneContainer(lines: string[], header = ''): string {
  return `${header}web:\n  web:\n${lines.map((line) => `    ${line}\n`).join('')}`;
}
const whole = [
  `image_digest: ${digest}`,
  'image_repository_path: vectorim/element-web',
  'image_repository_server: docker.io',
  'image_tag: v1.11.45',
];

function problemsOf(text: string): string[] {
  try {
    parseDigests(text, 'd.yml');
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).not.toContain('\n    at ');
    return error.message.split('\n');
  }
  throw new Error('this was accepted');
}

const tagOf = (text: string): string | undefined => parseDigests(text, 'd.yml')[0]?.image.tag;
const plain = (images: ContainerImage[]) => images.map(({ place: _, ...image }) => image);

describe('the forms that people have', () => {
  const article = readFileSync('test/fixtures/images_digests.article.yml', 'utf8');
  const images = parseDigests(article, 'd.yml');
  const tree = article
    .split('\n')
    .slice(1)
    .map((line) => line.slice(2))
    .join('\n');
  const indented = (text: string, by: number) => text.replace(/^(?=.)/gm, ' '.repeat(by));

  test('the article, to the letter', () => {
    expect(images).toHaveLength(6);
    expect(images[1]).toEqual({
      component: 'adminbot',
      container: 'haproxy',
      image: {
        registry: 'docker.io',
        repository: 'library/haproxy',
        tag: '2.8-alpine',
        digest: 'sha256:75fc37d6372cc22410bdd6ad0191a8dfeababef2a7d8d585694f21b73c2bb3d6',
      },
      place: { file: 'd.yml', line: 8, column: 5 },
    });
  });

  const configMap = (inner: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  images_digests: |\n${indented(inner, 4)}`;
  test.each([
    ['the inner tree', tree],
    ['a ConfigMap that holds the tree', configMap(tree)],
    ['a ConfigMap that holds the wrapped tree', configMap(article)],
    [
      'a ConfigMap whose value is a quoted text',
      `kind: ConfigMap\ndata: {images_digests: ${JSON.stringify(tree)}}`,
    ],
    ['the data of a ConfigMap', `images_digests: |\n${indented(tree, 2)}`],
    ['a byte order mark', `\uFEFF${article}`],
    ['CRLF', article.replaceAll('\n', '\r\n')],
    ['comments', article.replace(/$/gm, ' # a comment')],
    ['JSON', JSON.stringify({ images_digests: Object.fromEntries(jsonTree(images)) })],
    ['an explicit document', `%YAML 1.1\n---\n${article}...\n`],
    [
      'the components in another order',
      tree
        .split(/^(?=auditbot)/m)
        .reverse()
        .join(''),
    ],
  ])('%s gives the same images', (_, text) => {
    expect(plain(parseDigests(text, 'd.yml'))).toEqual(plain(images));
  });

  test('anchors, aliases and merge keys', () => {
    const text = `a:\n  x: &x\n${indented(whole.join('\n'), 4)}\n  y: *x\nb:\n  z:\n    <<: *x\n    image_tag: "2"\n`;
    const read = parseDigests(text, 'd.yml');
    expect(read.map(({ container, image }) => [container, image.tag])).toEqual([
      ['x', 'v1.11.45'],
      ['y', 'v1.11.45'],
      ['z', '2'],
    ]);
  });

  test.each([
    '1.10',
    '017',
    'on',
    '1_000',
    '2024.10',
    '1e3',
    '0x1F',
    '0o17',
    '1.0',
    'nullable',
    'true',
    '12',
    '2001-01-01',
  ])('the bare tag %s stays what it is, as does the quoted one', (tag) => {
    expect(tagOf(oneContainer([...whole.slice(0, 3), `image_tag: ${tag}`]))).toBe(tag);
    expect(tagOf(oneContainer([...whole.slice(0, 3), `image_tag: "${tag}"`]))).toBe(tag);
  });

  test('an empty digest, and an empty tag beside a digest, mean none', () => {
    const noDigest = parseDigests(oneContainer(['image_digest: ""', ...whole.slice(1)]), 'd.yml');
    expect(noDigest[0]?.image).toEqual({
      registry: 'docker.io',
      repository: 'vectorim/element-web',
      tag: 'v1.11.45',
    });
    expect(tagOf(oneContainer([...whole.slice(0, 3), 'image_tag: ""']))).toBeUndefined();
  });

  test('a folder in the server belongs to the repository', () => {
    const lines = [
      whole[0],
      whole[1],
      'image_repository_server: localhost:5000/mirror',
      whole[3],
    ] as string[];
    expect(parseDigests(oneContainer(lines), 'd.yml')[0]?.image).toMatchObject({
      registry: 'localhost:5000',
      repository: 'mirror/vectorim/element-web',
    });
  });
});

describe('what is wrong is said with its place, what was found and what is expected', () => {
  const replaced = (index: number, line: string) => oneContainer(whole.with(index, line));
  test.each([
    ['an empty file', '', 'd.yml:1:1: error: the file is empty'],
    ['only comments', '# nothing\n', 'd.yml:1:1: error: the file is empty'],
    [
      'no YAML',
      'a: b\n c: d: e\n',
      'd.yml:2:3: error: this is not valid YAML: bad indentation of a mapping entry',
    ],
    [
      'a list',
      '- a\n',
      'd.yml:1:1: error: found a list; expected components, such as synapse:, or images_digests:',
    ],
    ['a word', 'hello\n', 'd.yml:1:1: error: found "hello"; expected components'],
    ['no components', 'images_digests: {}\n', 'd.yml:1:17: error: the file has no components'],
    [
      'nothing below the wrapper',
      'images_digests:\n',
      'd.yml:1:15: error: images_digests has no value; expected the components',
    ],
    [
      'a ConfigMap without digests',
      'kind: ConfigMap\ndata: {}\n',
      'd.yml:1:1: error: this ConfigMap has no data.images_digests',
    ],
    [
      'two documents',
      'a: {}\n---\nb: {}\n',
      'd.yml:3:1: error: a second YAML document begins here; expected a single document',
    ],
    [
      'a component without value',
      'web:\n',
      'd.yml:1:1: error: the component "web" has no value; expected containers',
    ],
    [
      'a component that is a word',
      'web: 1\n',
      'd.yml:1:1: error: the component "web" has "1"; expected containers',
    ],
    [
      'a container without value',
      'web:\n  web:\n',
      'd.yml:2:3: error: the container web/web has no value; expected image_digest',
    ],
    [
      'a container that is a list',
      'web:\n  web: [a]\n',
      'd.yml:2:3: error: the container web/web has a list; expected image_digest',
    ],
    [
      'an unknown key',
      oneContainer([...whole, 'image_tags: x']),
      'd.yml:7:5: error: the container web/web has the unknown key "image_tags"',
    ],
    [
      'a duplicate key',
      oneContainer([...whole, 'image_tag: x']),
      'd.yml:7:5: error: duplicate key "image_tag"',
    ],
    ['a duplicate component', `${oneContainer(whole)}web: {}\n`, 'd.yml:7:1: error: duplicate key "web"'],
    [
      'a key without value',
      replaced(3, 'image_tag:'),
      'd.yml:6:14: error: the image_tag of web/web has no value; expected a string',
    ],
    [
      'a key with a list',
      replaced(3, 'image_tag: [a]'),
      'd.yml:6:16: error: the image_tag of web/web is a list; expected a string',
    ],
    [
      'a short digest',
      replaced(0, 'image_digest: sha256:abc'),
      'd.yml:3:19: error: the image_digest "sha256:abc" of web/web is not valid: it has 3 hexadecimal digits after sha256:; expected 64',
    ],
    ['a digest in capitals', replaced(0, `image_digest: sha256:${'A'.repeat(64)}`), 'in lower case'],
    ['another algorithm', replaced(0, 'image_digest: md5:abc'), 'expected sha256: and 64 hexadecimal digits'],
    [
      'a path in capitals',
      replaced(1, 'image_repository_path: Vector/web'),
      'd.yml:4:28: error: the image_repository_path "Vector/web" of web/web is not valid: "Vector" has upper-case letters',
    ],
    ['a path with a tag', replaced(1, 'image_repository_path: vector/web:1'), 'includes a tag or digest'],
    ['a path with ..', replaced(1, 'image_repository_path: ../etc'), '".." is not a valid path component'],
    [
      'an empty path',
      replaced(1, 'image_repository_path: ""'),
      'd.yml:4:28: error: the image_repository_path "" of web/web is not valid: it is empty',
    ],
    [
      'a server with a scheme',
      replaced(2, 'image_repository_server: https://docker.io'),
      'it begins with a scheme',
    ],
    [
      'a server with a bad port',
      replaced(2, 'image_repository_server: docker.io:99999'),
      '"99999" is not a port',
    ],
    [
      'an illegal tag',
      replaced(3, 'image_tag: a b'),
      'd.yml:6:16: error: the image_tag "a b" of web/web is not valid: a tag consists',
    ],
    [
      'a tag that is no label value',
      replaced(3, 'image_tag: v1-'),
      'the label app.kubernetes.io/version, which must begin and end with a letter or digit',
    ],
    [
      'a tag too long for a label',
      replaced(3, `image_tag: ${'x'.repeat(64)}`),
      'it has 64 characters; ESS writes it to the label',
    ],
    [
      'no server',
      oneContainer([whole[0], whole[1], whole[3]] as string[]),
      'd.yml:2:3: error: the container web/web has no image_repository_server',
    ],
    [
      'neither tag nor digest',
      oneContainer(whole.slice(1, 3)),
      'd.yml:2:3: error: the container web/web has no image_tag and no image_digest',
    ],
    [
      'an illegal name',
      'we b: {x: {}}\n',
      'd.yml:1:1: error: "we b" is not a valid component name; expected letters',
    ],
    [
      'a key beside the wrapper',
      'images_digests: {}\nversion: 1\n',
      'd.yml:2:1: error: the key "version" is next to images_digests',
    ],
    ['an alias to nothing', 'a: *b\n', 'd.yml:1:4: error: the alias "*b" has no anchor'],
    ['a key that is a list', '? [a]\n: b\n', 'd.yml:1:3: error: a key is a sequence; expected a string'],
  ])('%s', (_, text, message) => {
    expect(problemsOf(text).join('\n')).toContain(message);
  });

  test('the nearest known key is named', () => {
    expect(problemsOf(oneContainer([...whole, 'image_tags: x']))).toContain('    Did you mean image_tag?');
  });

  test('all problems at once, in the order of the file', () => {
    const text = 'a:\nb:\n  c:\n  d: {image_tag: "-", colour: red}\n';
    expect(problemsOf(text).filter((line) => line.startsWith('d.yml'))).toEqual([
      expect.stringMatching(/^d\.yml:1:1: .*component "a" has no value/),
      expect.stringMatching(/^d\.yml:3:3: .*container b\/c has no value/),
      expect.stringMatching(/^d\.yml:4:3: .*no image_repository_server/),
      expect.stringMatching(/^d\.yml:4:3: .*no image_repository_path/),
      expect.stringMatching(/^d\.yml:4:18: .*image_tag "-" of b\/d is not valid/),
      expect.stringMatching(/^d\.yml:4:23: .*unknown key "colour"/),
    ]);
  });

  test("the documentation's line with the glued comment is explained, and the rest is still checked", () => {
    const text =
      'apiVersion: v1\nkind: ConfigMap\ndata:\n  images_digests: |# Copyright 2023 New Vector Ltd\n    web:\n      web:\n';
    const problems = problemsOf(text);
    expect(problems[0]).toBe(
      'd.yml:4:20: error: this is not valid YAML: the comment "# Copyright 2023 New Vector Ltd" touches the | before it',
    );
    expect(problems[1]).toContain('Move the comment to a line of its own, below "images_digests: |"');
    // The place of what stands inside the ConfigMap's text is the place in the file.
    expect(problems[2]).toContain('d.yml:6:7: error: the container web/web has no value');
  });
});

describe('hostile files', () => {
  test('aliases that would expand without bound are refused', () => {
    const lines = ['a0: &a0 {x: 1}'];
    for (let i = 1; i < 40; i++)
      lines.push(`a${i}: &a${i} {${'abcdefghi'.replace(/./g, `$&: *a${i - 1}, `)}}`);
    expect(problemsOf(lines.join('\n')).join()).toContain(
      'has more than 100000 lines or values (aliases included)',
    );
  });

  test('deep nesting is refused', () => {
    expect(problemsOf('{a: '.repeat(500)).join()).toContain('nesting exceeded');
  });

  test('__proto__ is a name like any other, and refused as one', () => {
    expect(problemsOf('__proto__: {x: {}}\n').join()).toContain(
      '"__proto__" is not a valid component name; expected letters',
    );
    expect(problemsOf(oneContainer([...whole, '__proto__: {a: 1}'])).join()).toContain(
      'unknown key "__proto__"',
    );
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });
});

function jsonTree(images: ContainerImage[]): [string, Record<string, unknown>][] {
  const components = new Map<string, Record<string, unknown>>();
  for (const { component, container, image } of images) {
    const containers = components.get(component) ?? {};
    containers[container] = {
      image_digest: image.digest,
      image_repository_path: image.repository,
      image_repository_server: image.registry,
      image_tag: image.tag,
    };
    components.set(component, containers);
  }
  return [...components];
}

describe('the outline in the documentation has no images, and that is one problem', () => {
  const tree = `adminbot:
  access_element_web:
  haproxy:
  pipe:
element_web:
  element_web:
`;
  const indented = tree.replace(/^(?=.)/gm, '    ');
  test.each([
    ['the tree alone', tree, 'd.yml:1:1'],
    ['below images_digests', `images_digests:\n${indented}`, 'd.yml:2:5'],
    ['as a text', `images_digests: |\n${indented}`, 'd.yml:2:5'],
    ['in data without a kind', `data:\n  images_digests: |\n${indented}`, 'd.yml:3:5'],
    ['in a ConfigMap', `kind: ConfigMap\ndata:\n  images_digests: |\n${indented}`, 'd.yml:4:5'],
  ])('%s', (_, text, place) => {
    expect(problemsOf(text)).toEqual([
      `${place}: error: this file only has the names of containers: none of the 4 containers has an image`,
      '    Use the images_digests.yml from the ESS installer of your release. It has the images.',
    ]);
  });

  test('one container without an image is a problem of its own', () => {
    expect(problemsOf('a:\n  b:\n').join()).toContain('the container a/b has no value');
  });
});

test('a text within a text within a ConfigMap holds no components', () => {
  const inner = JSON.stringify('images_digests: "a: {b: c}\\n"');
  expect(problemsOf(`kind: ConfigMap\ndata: { images_digests: ${inner} }`).join()).toContain(
    'expected the components, such as synapse:, below it',
  );
});
