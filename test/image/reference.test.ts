import { describe, expect, test } from 'vitest';
import { invalidRegistryReason, parseReference } from '../../lib/image/reference.ts';
import { parseDigests } from '../../lib/index.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('a registry', () => {
  test.each([
    'docker.io',
    'localhost',
    'harbor:5000',
    'registry.example.org:443',
    '10.0.0.1',
    '10.0.0.1:5000',
    `${'a'.repeat(63)}.example`,
    [...Array(3).fill('a'.repeat(63)), 'a'.repeat(61)].join('.'),
  ])('%s', (host) => expect(invalidRegistryReason(host)).toBeUndefined());

  test.each([
    ['', 'it is empty'],
    [
      'harbor',
      'read "harbor" as a namespace of Docker Hub; expected docker.io/harbor/…, or a host with a dot',
    ],
    ['registry', 'registry.example.org or registry:5000'],
    ['default', 'read "default" as a namespace'],
    ['https://registry.example.org', 'it begins with a scheme, "https://"; expected registry.example.org'],
    [
      'docker://registry.example.org/x',
      'it begins with a scheme, "docker://"; expected registry.example.org',
    ],
    ['http://harbor', 'expected only the host and port'],
    ['registry.example.org/x', 'it includes a path, "x"'],
    ['[::1]:5000', 'IPv6 addresses are not supported'],
    ['::1', 'IPv6 addresses are not supported'],
    ['fe80::1', 'IPv6 addresses are not supported'],
    [`${'a'.repeat(64)}.example`, 'has 64 characters; each part has at most 63'],
    [Array(4).fill('a'.repeat(63)).join('.'), 'the host has 255 characters; a host name has at most 253'],
    ['a.b:0', '"0" is not a port'],
    ['a.b:65536', '"65536" is not a port'],
    ['a.b:', '"" is not a port'],
    ['a.b:x', '"x" is not a port'],
    ['-a.b', 'expected a host name'],
    ['a_b.c', 'expected a host name'],
    ['a..b', 'expected a host name'],
    ['10.0.0.256', 'four numbers from 0 to 255'],
    ['10.0.1', 'four numbers from 0 to 255'],
  ])('%s is none', (host, why) => expect(invalidRegistryReason(host)).toContain(why));
});

test.each([
  ['docker.io/postgres:17', 'library/postgres'],
  ['docker.io/library/postgres:17', 'library/postgres'],
  ['index.docker.io/postgres:17', 'library/postgres'],
  ['docker.io/vectorim/element-web:1', 'vectorim/element-web'],
])('%s is an image of docker.io', (text, repository) => {
  expect(parseReference(text)).toMatchObject({ registry: 'docker.io', repository });
});

test('another server has no library', () => {
  expect(parseReference('quay.io/postgres:17')).toMatchObject({
    registry: 'quay.io',
    repository: 'postgres',
  });
  // Docker takes this host as it is: it is no other name of docker.io.
  expect(parseReference('registry-1.docker.io/postgres:17')).toMatchObject({
    registry: 'registry-1.docker.io',
    repository: 'postgres',
  });
});

test('the digests file is read the same way', () => {
  const file = (server: string, path: string) =>
    parseDigests(
      `a: { b: { image_repository_server: ${server}, image_repository_path: ${path}, image_tag: "1" } }`,
      'd.yml',
    )[0]?.image;
  expect(file('index.docker.io', 'postgres')).toEqual(file('docker.io', 'library/postgres'));
  expect(file('docker.io', 'postgres')).toEqual(file('docker.io', 'library/postgres'));
});

test.each([
  'user:hunter22@registry.example/x:1',
  'https://user:hunter22@registry.example/x:1',
  'registry.example/hunter22@x:1',
  `registry.example/x:1@hunter22@${digest}`,
  'registry.example/HUNTER22@x/y',
])('%s: what may be a password is not repeated', (text) => {
  const why = parseReference(text);
  expect(why).toContain('it has an @ without a digest after it');
  expect(String(why).toLowerCase()).not.toContain('hunter22');
});
