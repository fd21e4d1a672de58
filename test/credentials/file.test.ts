import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readGivenLogins, readLogins } from '../../lib/credentials/logins.ts';
import { InputError, loadProject, readConfig } from '../../lib/index.ts';
import { essAirgap, folder } from '../support/cli.ts';

// The source `file`: a docker config on the machine that synthesises.

const base64 = (text: string) => Buffer.from(text).toString('base64');
const login = (text: string) => ({ auth: base64(text) });
const airgap = (path: string, server = 'docker.io') => `apiVersion: ess-airgap/v1
registry: { server: localregistry.local }
mirror:
  image: quay.io/skopeo/stable@sha256:${'a'.repeat(64)}
  auth:
    - { server: ${server}, source: file, name: push, path: ${path} }
`;

/** A folder with an airgap.yaml and the docker config that it names; the path of airgap.yaml. */
function withDockerConfig(content: unknown, server?: string): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  const dir = folder({
    'clusters/airgap.yaml': airgap('../docker/config.json', server),
    'docker/config.json': text,
    'clusters/images_digests.yml':
      'web: {web: {image_repository_server: quay.io, image_repository_path: a/web, image_tag: v1}}\n',
  });
  chmodSync(join(dir, 'docker/config.json'), 0o600);
  return join(dir, 'clusters/airgap.yaml');
}

function read(path: string) {
  const { config, place } = readConfig(path);
  return readLogins(config, {}, place);
}

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('this was accepted');
}

describe('which login of the file is taken', () => {
  test.each<[string, string, Record<string, object>, string]>([
    ['the key that is the server', 'docker.io', { 'docker.io': login('robot:hunter2') }, 'robot'],
    ["Docker Hub's old key", 'docker.io', { 'https://index.docker.io/v1/': login('robot:hunter2') }, 'robot'],
    ['a key with https://', 'r.example:5000', { 'https://r.example:5000': login('robot:hunter2') }, 'robot'],
    ['the key of the host, for a path', 'r.example/team', { 'r.example': login('robot:hunter2') }, 'robot'],
    [
      'the most specific key',
      'r.example/team/x',
      {
        'r.example': login('other:x'),
        'r.example/team': login('robot:hunter2'),
        'r.example/team/x/y': login('other:x'),
      },
      'robot',
    ],
    [
      'user name and password as they are',
      'docker.io',
      { 'docker.io': { username: 'robot', password: 'hunter2' } },
      'robot',
    ],
    ['a password with colons', 'docker.io', { 'docker.io': login('robot:hunter2:3') }, 'robot'],
  ])('%s', (_, server, auths, username) => {
    const logins = read(withDockerConfig({ auths }, server));
    expect(logins).toMatchObject([{ server, username, password: expect.stringMatching(/^hunter2/) }]);
    expect(logins[0]?.from).toBe(`the password for ${server} in ../docker/config.json`);
  });

  test('a login in the file is taken even if the file names a store of credentials', () => {
    const content = { credsStore: 'desktop', auths: { 'docker.io': login('robot:hunter2') } };
    expect(read(withDockerConfig(content))).toMatchObject([{ username: 'robot' }]);
  });
});

describe('what is refused, with the reason and never with a value', () => {
  test.each<[string, unknown, string]>([
    [
      'no JSON',
      '{"auths": {"docker.io": {"auth": "hunter2',
      'this is not valid JSON; expected a docker config',
    ],
    ['another JSON', '["hunter2"]', 'this is not a JSON object; expected a docker config'],
    [
      'no login for the server',
      { auths: { 'quay.io': login('u:hunter2'), 'hunter2@x\u001b': login('u:p'), 'a.b': {} } },
      'has no login for docker.io; it has one for quay.io',
    ],
    [
      'a key below the server',
      { auths: { 'docker.io/acme': login('u:hunter2') } },
      'has no login for docker.io; it has one for docker.io/acme',
    ],
    [
      'a host that begins alike',
      { auths: { 'docker.io.evil': login('u:hunter2') } },
      'has no login for docker.io;',
    ],
    ['no login at all', { auths: {} }, 'it has none for any server'],
    [
      'a credential store',
      { credsStore: 'desktop', auths: { 'docker.io': {} } },
      'has the login for docker.io in docker-credential-desktop, but synth does not run credential helpers',
    ],
    [
      'a credential helper',
      { credHelpers: { 'docker.io': 'ecr-login' } },
      'leaves the login for docker.io to docker-credential-ecr-login',
    ],
    [
      'an identity token',
      {
        auths: {
          'docker.io': { auth: base64('00000000-0000-0000-0000-000000000000:'), identitytoken: 'hunter2' },
        },
      },
      'has an identity token for docker.io: nodes cannot pull with one, and it expires',
    ],
    [
      'an empty password',
      { auths: { 'docker.io': login('hunter2:') } },
      'the password for docker.io in ../docker/config.json is empty [credential-empty]',
    ],
    [
      'a line break',
      { auths: { 'docker.io': login('u:hunter2\n') } },
      'has a line break or another control character [credential-control-character]',
    ],
    [
      'a colon in the user name',
      { auths: { 'docker.io': { username: 'hunter2:u', password: 'p' } } },
      'has a colon, which a user name must not have (RFC 7617) [credential-colon]',
    ],
  ])('%s', (_, content, reason) => {
    const message = messageOf(() => read(withDockerConfig(content)));
    expect(message).toContain(reason);
    expect(message).not.toMatch(/hunter2|aHVudGVyM/);
    expect(message).toMatch(/(airgap\.yaml:6:\d+|\.\.\/docker\/config\.json:1:1): error: .*\[credential-/);
  });

  test('a path that is no file, and a path that is not valid', () => {
    expect(messageOf(() => read(withDockerConfig('{}')))).toContain('none for any');
    const dir = folder({ 'airgap.yaml': airgap('.') });
    expect(messageOf(() => read(join(dir, 'airgap.yaml')))).toContain(
      'this is a directory; expected a docker config [credential-file]',
    );
    for (const [path, reason] of [
      ['~/.docker/config.json', '~ is not expanded'],
      ['""', 'it is empty'],
    ]) {
      const illegal = folder({ 'airgap.yaml': airgap(path ?? '') });
      expect(messageOf(() => readConfig(join(illegal, 'airgap.yaml')))).toContain(reason);
    }
  });
});

test('a file that is not there: an error at synth, no login for a command on this machine', () => {
  const dir = folder({ 'airgap.yaml': airgap('config.json') });
  const path = join(dir, 'airgap.yaml');
  expect(messageOf(() => read(path))).toContain('airgap.yaml:6:');
  expect(messageOf(() => read(path))).toContain(
    'the file config.json with the login for d does not existocker.io',
  );
  const { config, place } = readConfig(path);
  expect(readGivenLogins(config, {}, { place })).toEqual([]);
});

describe('where the file is', () => {
  const file = { auths: { 'docker.io': login('robot:hunter2') } };
  const codes = (path: string) =>
    loadProject(path)
      .plan.findings.map(({ code }) => code)
      .filter((code) => code.startsWith('credential'));

  test('in git: an error of lint and of synth, unless git ignores it', () => {
    const path = withDockerConfig(file);
    const dir = join(path, '../..');
    expect(codes(path)).toEqual([]);
    spawnSync('git', ['init', '-q'], { cwd: dir });
    expect(codes(path)).toEqual(['credential-file-in-git']);
    expect(messageOf(() => read(path))).toContain(
      '../docker/config.json has credentials, but git does not ignore it [credential-file-in-git]',
    );
    const { status, stdout, stderr } = essAirgap(['lint', '--config', 'clusters/airgap.yaml'], { cwd: dir });
    expect(status).toBe(1);
    expect(stdout + stderr).toContain('[credential-file-in-git]');
    spawnSync('sh', ['-c', 'echo /docker/ >.gitignore'], { cwd: dir });
    expect(codes(path)).toEqual([]);
    spawnSync('git', ['add', '-f', 'docker/config.json'], { cwd: dir });
    expect(codes(path)).toEqual(['credential-file-in-git']);
  });

  test('open to others: a warning', () => {
    const path = withDockerConfig(file);
    chmodSync(join(path, '../../docker/config.json'), 0o644);
    expect(
      loadProject(path).plan.findings.filter(({ code }) => code === 'credential-file-readable'),
    ).toMatchObject([
      {
        severity: 'warning',
        message: expect.stringContaining('(mode 0644)'),
        command: `chmod 600 ${relative('', join(path, '../../docker/config.json'))}`,
      },
    ]);
  });

  test('a folder of that name, or none, is no finding of lint', () => {
    const dir = folder({
      'airgap.yaml': airgap('config.json'),
      'images_digests.yml':
        'web: {web: {image_repository_server: quay.io, image_repository_path: a/web, image_tag: v1}}\n',
    });
    const path = join(dir, 'airgap.yaml');
    expect(codes(path)).toEqual([]);
    mkdirSync(join(dir, 'config.json'));
    expect(codes(path)).toEqual([]);
  });
});
