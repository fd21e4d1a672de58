import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { renderSchema } from '../../lib/config/json-schema.ts';
import { renderReference } from '../../lib/config/reference.ts';
import { type Config, defineConfig, InputError, parseConfig } from '../../lib/index.ts';

const least = 'apiVersion: ess-airgap/v1\nregistry:\n  server: localregistry.local\n';
const digest = `sha256:${'a'.repeat(64)}`;

const config = (text: string): Config => parseConfig(text, 'airgap.yaml').config;

function problemsOf(text: string): string[] {
  try {
    parseConfig(text, 'airgap.yaml');
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message.split('\n');
  }
  throw new Error('this was accepted');
}

test('the least that works, and the defaults', () => {
  expect(config(least)).toEqual({
    apiVersion: 'ess-airgap/v1',
    digests: 'images_digests.yml',
    folder: '.',
    namespace: 'element-onprem',
    registry: { server: 'localregistry.local', layout: 'preserve', profile: 'generic', pullThrough: false },
    exclude: [],
    copyOnly: [],
    extra: [],
    rules: [],
    overrides: {},
    pin: 'digest',
    configMap: { name: 'ess-images-digests' },
    gitops: 'none',
    guard: { mode: 'off', covers: 'images', allow: [] },
  });
  expect(defineConfig({ apiVersion: 'ess-airgap/v1', registry: { server: 'localregistry.local' } })).toEqual(
    config(least),
  );
});

test('a configuration in TypeScript is refused what YAML is refused', () => {
  const contradiction = {
    apiVersion: 'ess-airgap/v1',
    registry: { server: 'localregistry.local', pullThrough: true },
    mirror: { image: 'x.example/skopeo:1' },
  } as const;
  expect(() => defineConfig(contradiction)).toThrow('a pull-through cache does not accept pushes');
});

test('the sample is read, and its schema comment names a file that is there', () => {
  const text = readFileSync('airgap.yaml', 'utf8');
  expect(config(text).mirror?.auth).toHaveLength(2);
  expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/schema\/airgap\.schema\.json\n/);
});

test('the schema and the reference are what `npm run schema` writes', () => {
  expect(readFileSync('docs/reference/config.md', 'utf8')).toBe(renderReference());
  expect(readFileSync('schema/airgap.schema.json', 'utf8')).toBe(renderSchema());
});

test('the schema describes every key', () => {
  const undescribed: string[] = [];
  const walk = (schema: Record<string, unknown>, path: string): void => {
    for (const [key, value] of Object.entries(
      (schema.properties ?? {}) as Record<string, Record<string, unknown>>,
    )) {
      if (!value.description) undescribed.push(`${path}${key}`);
      walk(value, `${path}${key}.`);
    }
    for (const of of [
      schema.items,
      schema.additionalProperties,
      ...((schema.oneOf ?? schema.anyOf ?? []) as unknown[]),
    ]) {
      if (typeof of === 'object' && of !== null) walk(of as Record<string, unknown>, path);
    }
  };
  walk(JSON.parse(renderSchema()), '');
  expect(undescribed).toEqual([]);
});

test('bare scalars are text where a text is expected', () => {
  const text = `${least}overrides:\n  a/b: { tag: 1.10 }\n  c/d: { tag: on }\n  e/f: { tag: 017, repository: 2024/10 }\npin: tag\n`;
  expect(config(text).overrides).toEqual({
    'a/b': { tag: '1.10' },
    'c/d': { tag: 'on' },
    'e/f': { tag: '017', repository: '2024/10' },
  });
});

test('places lead to the value, or to the nearest that there is', () => {
  const { place } = parseConfig(`${least}exclude:\n  - postgres\n  - sydent\n`, 'airgap.yaml');
  expect(place('exclude', 1)).toEqual({ file: 'airgap.yaml', line: 6, column: 5 });
  expect(place('registry', 'server')).toEqual({ file: 'airgap.yaml', line: 3, column: 11 });
  expect(place('mirror', 'auth')).toEqual({ file: 'airgap.yaml', line: 1, column: 1 });
});

describe('what is wrong is said with its place and what is expected', () => {
  const mirror = (lines: string) => `${least}mirror:\n  image: quay.io/skopeo/stable:v1\n${lines}`;
  test.each([
    [
      'an unknown key',
      `${least}registyr: {}\n`,
      'airgap.yaml:4:1: error: unknown key "registyr"; expected apiVersion, digests',
    ],
    [
      'an unknown key deeper',
      `${least}  sever: x\n`,
      'airgap.yaml:4:3: error: unknown key "sever"; expected server, pushServer',
    ],
    [
      'an unknown key in a variant',
      `${least}pullSecret: { name: a, source: existing, usernameEnv: X }\n`,
      'unknown key "usernameEnv"; expected name, source',
    ],
    ['a duplicate key', `${least}pin: tag\npin: tag\n`, 'airgap.yaml:5:1: error: duplicate key "pin"'],
    [
      'a missing key',
      'apiVersion: ess-airgap/v1\n',
      'airgap.yaml:1:1: error: registry is missing; expected a mapping',
    ],
    [
      'a missing key deeper',
      'apiVersion: ess-airgap/v1\nregistry: { path: a }\n',
      'airgap.yaml:2:1: error: registry.server is missing; expected a string',
    ],
    [
      'another version',
      'apiVersion: v1\nregistry: {server: a.b}\n',
      'airgap.yaml:1:13: error: apiVersion is "v1"; expected ess-airgap/v1',
    ],
    [
      'a signer with a key and an identity',
      `${least}verify: {trustedRoot: t.json, images: [{match: '**', signedBy: [{key: a.pub, subject: a}]}]}\n`,
      'verify.images.0.signedBy.0 is not valid: it has key and subject; expected key, or an issuer and a subject',
    ],
    [
      'a signer with a key that says nothing of the log',
      `${least}verify: {trustedRoot: t.json, images: [{match: '**', signedBy: [{key: a.pub}]}]}\n`,
      'it has key and no transparencyLog; write transparencyLog: true if signatures must be in a log, or false',
    ],
    [
      'a signer without issuer',
      `${least}verify: {trustedRoot: t.json, images: [{match: '**', signedBy: [{subject: a}]}]}\n`,
      'it has no issuer; expected issuer or issuerRegex',
    ],
    [
      'a subject twice',
      `${least}verify: {trustedRoot: t.json, images: [{match: '**', signedBy: [{issuer: a, subject: a, subjectRegex: a}]}]}\n`,
      'it has subject and subjectRegex; expected one of them',
    ],
    [
      'a regular expression that needs backtracking',
      `${least}verify: {trustedRoot: t.json, images: [{match: '**', signedBy: [{issuer: a, subjectRegex: '(a)\\1'}]}]}\n`,
      'subjectRegex "(a)\\\\1" is not valid: \\1 is not supported',
    ],
    [
      'an identity without trusted root',
      `${least}verify: {images: [{match: '**', signedBy: [{issuer: a, subject: a}]}]}\n`,
      'airgap.yaml:4:1: error: verify is not valid: trustedRoot is missing; only signatures with a key and transparencyLog: false can be checked without it',
    ],
    ['no value', `${least}namespace:\n`, 'airgap.yaml:4:1: error: namespace has no value; expected a string'],
    ['a list for a mapping', `${least}overrides: []\n`, 'overrides is a list; expected a mapping'],
    [
      'a word for a list',
      `${least}exclude: postgres\n`,
      'airgap.yaml:4:10: error: exclude is "postgres"; expected a list',
    ],
    [
      'a word for a boolean',
      `${least}  pullThrough: yes\n`,
      'airgap.yaml:4:16: error: registry.pullThrough is "yes"; expected true or false',
    ],
    [
      'no such layout',
      `${least}  layout: flatt\n`,
      'airgap.yaml:4:11: error: registry.layout is "flatt"; expected preserve or by-server or flat',
    ],
    [
      'no such source',
      `${least}pullSecret: { name: a, source: vault }\n`,
      'pullSecret.source is "vault"; expected env or existing',
    ],
    [
      'no source',
      `${least}pullSecret: { name: a }\n`,
      'pullSecret.source is missing; expected env or existing',
    ],
    [
      'a server with a folder',
      'apiVersion: ess-airgap/v1\nregistry: {server: a.b/c}\n',
      'airgap.yaml:2:20: error: registry.server "a.b/c" is not valid',
    ],
    ['a path with capitals', `${least}  path: Element\n`, '"Element" has upper-case letters'],
    [
      'a namespace with an underscore',
      `${least}namespace: a_b\n`,
      'airgap.yaml:4:12: error: namespace "a_b" is not valid',
    ],
    [
      'a bad glob target',
      `${least}rules: [{match: '*', to: 'a/{nam}'}]\n`,
      '{nam} is not a placeholder; expected {path}, {server}, {repository}, {parent}, {name}',
    ],
    [
      'a tag that is no label',
      `${least}overrides: {a/b: {tag: v1-}}\n`,
      'overrides.a/b.tag "v1-" is not valid',
    ],
    [
      'an image without registry',
      `${least}mirror: {image: skopeo/stable:v1}\n`,
      'mirror.image "skopeo/stable:v1" is not valid: Docker and containerd read "skopeo" as a namespace of Docker Hub; expected docker.io/skopeo/…',
    ],
    [
      'an image without tag',
      `${least}mirror: {image: quay.io/skopeo/stable}\n`,
      'it has no tag and no digest',
    ],
    [
      'a server that is a folder of Docker Hub',
      'apiVersion: ess-airgap/v1\nregistry: {server: harbor}\n',
      'registry.server "harbor" is not valid: Docker and containerd read "harbor" as a namespace of Docker Hub; expected docker.io/harbor/…, or a host with a dot or a port such as harbor.example.org or harbor:5000',
    ],
    [
      'a server with a path',
      'apiVersion: ess-airgap/v1\nregistry: {server: localregistry.local/elementdeployment}\n',
      'it includes a path; write server: localregistry.local and path: elementdeployment',
    ],
    [
      'a server with a scheme',
      'apiVersion: ess-airgap/v1\nregistry: {server: "https://localregistry.local/"}\n',
      'it begins with a scheme, "https://"; expected localregistry.local',
    ],
    [
      'an address of a server',
      'apiVersion: ess-airgap/v1\nregistry: {server: "https://localregistry.local/ess/"}\n',
      'it includes a path; write server: localregistry.local and path: ess',
    ],
    [
      'a push server',
      `${least}  pushServer: push\n`,
      'registry.pushServer "push" is not valid: Docker and containerd read "push" as a namespace of Docker Hub',
    ],
    [
      'a source',
      `${least}overrides: {a/b: {source: 'library/x:1'}}\n`,
      'read "library" as a namespace of Docker Hub; expected docker.io/library/…',
    ],
    ['an insecure server', mirror('  insecure: [registry]\n'), 'mirror.insecure.0 "registry" is not valid'],
    [
      'the older name of Docker Hub',
      mirror('  insecure: [index.docker.io]\n'),
      'it is an older name of Docker Hub; expected docker.io',
    ],
    [
      'a rate limit',
      mirror('  rateLimits: {registry: 5}\n'),
      'the key "registry" of mirror.rateLimits is not valid: Docker and containerd read',
    ],
    [
      'a client certificate for every server',
      mirror('  clientCertificates: [{server: default, name: x}]\n'),
      'mirror.clientCertificates.0.server "default" is not valid',
    ],
    [
      'a client certificate twice',
      mirror('  clientCertificates: [{server: a.b, name: x}, {server: a.b, name: y}]\n'),
      'airgap.yaml:6:57: error: mirror.clientCertificates lists a.b twice; expected each server once',
    ],
    [
      'a credential twice',
      mirror(
        '  auth: [{server: a.b, source: existing, name: x}, {server: a.b, source: existing, name: y}]\n',
      ),
      'mirror.auth lists a.b twice; expected each server once',
    ],
    [
      'an extra twice',
      `${least}extra: [{name: a, source: "a.b/c:1"}, {name: a, source: "a.b/d:1"}]\n`,
      'extra has two entries with the name a; expected unique names',
    ],
    [
      'an extra without a registry',
      `${least}extra: [{name: a, source: "busybox:1"}]\n`,
      'extra.0.source "busybox:1" is not valid: it has no registry',
    ],
    ['a proxy', mirror('  proxy: {url: "http://[::1]:3128"}\n'), 'IPv6 addresses are not supported'],
    [
      'a glob',
      `${least}exclude: ['(a+)+']\n`,
      'exclude.0 "(a+)+" is not valid: it contains "(", which no name',
    ],
    [
      'a rule that names a short image',
      `${least}rules: [{match: docker.io/postgres, to: x}]\n`,
      'no image has this name; expected its full name, docker.io/library/postgres',
    ],
    [
      'too many rules',
      `${least}rules:\n${"  - {match: 'a', to: b}\n".repeat(1001)}`,
      'airgap.yaml:5:3: error: the list "rules" has 1001 entries; expected 1000 at most',
    ],
    [
      'an override of no container',
      `${least}overrides: {a/: {tag: '1'}}\n`,
      'the key "a/" of overrides is not valid: expected component/container',
    ],
    [
      'a mirror for a cache',
      `${mirror('')}`.replace('server:', 'pullThrough: true\n  server:'),
      'airgap.yaml:5:1: error: mirror is set, but registry.pullThrough is true',
    ],
  ])('%s', (_, text, message) => {
    expect(problemsOf(text).join('\n')).toContain(message);
  });

  test('a likely meant word is named', () => {
    expect(problemsOf(`${least}registyr: {}\n`)).toContain('    Did you mean registry?');
    expect(problemsOf(`${least}  layout: flatt\n`)).toContain('    Did you mean flat?');
  });

  test('a secret in the place of a variable name is not repeated', () => {
    const auth =
      '  auth:\n    - {server: a.b, source: env, usernameEnv: USER, passwordEnv: hunter2-secret}\n';
    const message = problemsOf(mirror(auth)).join('\n');
    expect(message).toContain('expected the name of an environment variable');
    expect(message).not.toContain('hunter2');
  });

  test.each([
    'apiVersion: ess-airgap/v1\nregistry: {server: "user:hunter22@a.b"}\n',
    'apiVersion: ess-airgap/v1\nregistry: {server: "https://user:hunter22@a.b/ess"}\n',
    `${least}  pushServer: user:hunter22@a.b\n`,
    `${least}  path: HUNTER22@b\n`,
    `${least}digests: [user:hunter22@a.b]\npin: user:hunter22@a.b\n`,
    `${least}user:hunter22@a.b: x\n`,
    `${least}rules: [{match: 'user:hunter22@a.b/*', to: 'HUNTER22@{name}'}]\n`,
    `${least}exclude: ['user:hunter22@a.b']\n`,
    `${least}overrides: {a/b: {source: 'https://user:hunter22@a.b/c:1', repository: 'hunter22@a.b'}}\n`,
    `${least}overrides: {'user:hunter22@a.b/c': {tag: '-'}}\n`,
    `${least}mirror: {image: 'user:hunter22@a.b/c:1'}\n`,
    mirror('  auth: [{server: "user:hunter22@a.b", source: existing, name: x}]\n'),
    mirror('  insecure: ["user:hunter22@a.b"]\n'),
    mirror('  rateLimits: {"user:hunter22@a.b": 1}\n'),
    mirror('  proxy: {url: "http://user:hunter22@a.b"}\n'),
    mirror('  proxy: {url: "http://a.b", noProxy: ["user:hunter22@a.b"]}\n'),
  ])('credentials in an address are not repeated: %s', (text) => {
    const message = problemsOf(text).join('\n');
    expect(message).toContain('error: ');
    expect(message).not.toMatch(/hunter22/i);
  });

  test('all problems at once', () => {
    const text = `apiVersion: 1\nregistry: {server: "", colour: red}\npin: name\noverrides: {x/y: {digest: ${digest}0}}\n`;
    expect(problemsOf(text).filter((line) => line.startsWith('airgap.yaml'))).toHaveLength(5);
  });

  test('__proto__ is an unknown key', () => {
    expect(problemsOf(`${least}__proto__: {pin: tag}\n`).join()).toContain('unknown key "__proto__"');
  });
});

test('a configuration in TypeScript has its errors in the same words', () => {
  const messageOf = (input: unknown): string => {
    try {
      defineConfig(input as never);
    } catch (error) {
      if (error instanceof InputError) return error.message;
      throw error;
    }
    throw new Error('this was accepted');
  };
  const version = { apiVersion: 'ess-airgap/v1' };
  const registry = { server: 'r.local' };
  expect(messageOf({ ...version, registry: { ...registry, layuot: 'flat' } })).toBe(
    'error: unknown key "layuot"; expected server, pushServer, path, layout, profile, pullThrough\n    Did you mean layout?',
  );
  expect(messageOf({ ...version, registry, pullSecret: { name: 'x' } })).toMatch(
    /^error: pullSecret.source is missing; expected env or existing/,
  );
  expect(
    messageOf({ ...version, registry, pullSecret: { name: 'x', source: 'existing', usernameEnv: 'U' } }),
  ).toBe('error: unknown key "usernameEnv"; expected name, source');
  expect(messageOf({ ...version, registry: { server: true }, exclude: 'x' })).toBe(
    'error: registry.server is "true"; expected a string\nerror: exclude is "x"; expected a list',
  );
  expect(messageOf({ ...version, registry, mirror: { image: 'x' } })).toMatch(
    /^error: mirror.image "x" is not valid/,
  );
  expect(messageOf(undefined)).toBe('error: the configuration has no value; expected a mapping');
  const circle: Record<string, unknown> = { ...version, registry };
  circle.mirror = circle;
  expect(messageOf(circle)).toContain('error: unknown key "apiVersion"');
});

test('user name and password of a store are told apart in the reference', () => {
  const page = readFileSync('docs/reference/config.md', 'utf8');
  for (const holder of ['pullSecret', 'mirror.auth[]'])
    for (const [key, word] of [
      ['username', 'the user name'],
      ['password', 'the password'],
    ])
      expect(page).toContain(`| **\`${holder}.${key}\`** | a mapping | Location of ${word}`);
});
