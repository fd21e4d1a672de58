import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { essAirgap, folder } from '../support/cli.ts';
import { digestsFileOf } from '../support/release.ts';

// What a command says about logins before it asks a registry. Nothing listens on port 1, and there is no skopeo, so that
// mirror ends right behind that.

const server = '127.0.0.1:1';
const digest = `sha256:${'a'.repeat(64)}`;
const digests = digestsFileOf({ 'a/a': `${server}/up/a:1@${digest}`, 'b/b': `${server}/up/b:1@${digest}` });
const ems = digestsFileOf({ 'a/a': `gitlab-registry.matrix.org/ems-image-store/a:1@${digest}` });
const airgap = (auth: string) => `apiVersion: ess-airgap/v1
registry: { server: '${server}', path: here }
pullSecret: { name: pull, source: env, usernameEnv: PULLER, passwordEnv: PULLER_KEY }
mirror:
  image: ${server}/skopeo@${digest}
  insecure: ['${server}']
  auth:
    ${auth}
`;
const fromEnv = `- { server: '${server}/here', source: env, usernameEnv: PUSHER, passwordEnv: PUSHER_KEY }`;

function run(args: string[], files: Record<string, string>, env: Record<string, string> = {}) {
  const cwd = folder({ 'airgap.yaml': airgap(fromEnv), 'images_digests.yml': digests, ...files });
  return { cwd, ...essAirgap(args, { cwd, env: { PATH: '/nonexistent', ...env } }) };
}

const login = (name: string) => JSON.stringify({ auths: { [name]: { auth: 'dTpw' } } });

describe('mirror', () => {
  test('says which login is missing, where, and what to do, and goes on', () => {
    const { stderr } = run(['mirror'], {});
    expect(stderr).toContain(
      `airgap.yaml:8:7: warning: this machine has no login for ${server}/here: 2 images will be pulled anonymously [login-missing]\n` +
        `    Set PUSHER and PUSHER_KEY in the environment, or log in:\n    skopeo login ${server}/here\n`,
    );
    expect(stderr.match(/login-missing/g)).toHaveLength(1);
    expect(stderr).toContain('skopeo cannot be run');
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['variables', {}, { PUSHER: 'u', PUSHER_KEY: 'p' }],
    ['a docker config', { '.docker/config.json': login(server) }, {}],
    [
      'another docker config',
      { 'x/auth.json': login(`${server}/here`) },
      { REGISTRY_AUTH_FILE: 'x/auth.json' },
    ],
  ])('says nothing if the login is in %s', (_, files, env) => {
    expect(run(['mirror'], files, env).stderr).not.toContain('login');
  });

  test('says nothing with --dry-run, which asks no registry', () => {
    expect(run(['mirror', '--dry-run'], {}).stderr).toBe('');
  });

  test('tells a credential that only the cluster has', () => {
    const auth = `- { server: '${server}', source: existing, name: hub }`;
    const { stderr } = run(['mirror'], { 'airgap.yaml': airgap(auth) });
    expect(stderr).toContain(`no login for ${server}: 4 images will be pulled anonymously [login-missing]`);
    expect(stderr).toContain('The credential in airgap.yaml is in the cluster only.');
  });

  test('tells the file of a credential, relative to airgap.yaml, and takes it from there', () => {
    const config = airgap(`- { server: '${server}', source: file, name: hub, path: ../hub.json }`);
    const cwd = folder({ 'x/airgap.yaml': config, 'x/images_digests.yml': digests });
    expect(essAirgap(['mirror', '-c', 'x/airgap.yaml'], { cwd, env: { PATH: '' } }).stderr).toContain(
      'Make the file ../hub.json, or log in:',
    );
    const there = folder({
      'x/airgap.yaml': config,
      'x/images_digests.yml': digests,
      'hub.json': login(server),
    });
    expect(
      essAirgap(['mirror', '-c', 'x/airgap.yaml'], { cwd: there, env: { PATH: '' } }).stderr,
    ).not.toContain('login');
  });
});

test.each([['mirror'], ['bundle --output out'], ['lock images_digests.yml --output out']])(
  '%s does not begin without a login for a private registry',
  (args) => {
    for (const auth of [
      fromEnv,
      '- { server: gitlab-registry.matrix.org/ems-image-store, source: existing, name: ems }',
    ]) {
      const files = { 'images_digests.yml': ems, 'airgap.yaml': airgap(auth) };
      const { status, stderr, stdout, cwd } = run(args.split(' '), files, { PUSHER: 'u', PUSHER_KEY: 'p' });
      expect(status).toBe(2);
      expect(stderr).toContain(
        'error: this machine has no login for gitlab-registry.matrix.org/ems-image-store, which rejects anonymous requests: 1 image cannot be read [login-required]',
      );
      expect(stderr).toContain('    skopeo login gitlab-registry.matrix.org/ems-image-store\n');
      expect(stdout).toBe('');
      expect(existsSync(join(cwd, 'out'))).toBe(false);
    }
  },
);

test('verify says that it has no login of the nodes; that of the mirror is good for it too', () => {
  const { stderr } = run(['verify'], {});
  expect(stderr).toContain('[login-missing]');
  expect(run(['verify'], {}, { PULLER: 'u', PULLER_KEY: 'p' }).stderr).not.toContain('login');
});

test('lock warns about a source whose login is missing, and says nothing about the local registry', () => {
  const source = '127.0.0.1:2';
  const files = {
    'images_digests.yml': digestsFileOf({ 'a/a': `${source}/up/a:1` }),
    'airgap.yaml': airgap(
      `- { server: '${source}', source: env, usernameEnv: READER, passwordEnv: READER_KEY }`,
    ),
  };
  const lock = ['lock', 'images_digests.yml', '--output', 'out'];
  const { stderr } = run(lock, files);
  expect(stderr).toContain(`warning: this machine has no login for ${source}: 1 image will be requested`);
  expect(stderr.match(/login-missing/g)).toHaveLength(1);
  expect(run(lock, files, { READER: 'u', READER_KEY: 'p' }).stderr).not.toContain('login');
});

test('bundle asks sources only', () => {
  expect(run(['bundle', '--output', 'out'], {}).stderr).not.toContain('[login-missing]');
});

describe('fakes of demo.env', () => {
  const demo = Object.fromEntries(
    [...readFileSync('demo.env', 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
      name,
      value ?? '',
    ]),
  );

  test.each(Object.keys(demo).filter((name) => !name.endsWith('USERNAME')))('%s is refused', (name) => {
    const { status, stderr } = run(['mirror'], {}, { PUSHER: 'u', PUSHER_KEY: demo[name] ?? '' });
    expect(status).toBe(2);
    expect(stderr).toContain(
      `airgap.yaml:8:7: error: the value of PUSHER_KEY, for ${server}/here, is a fake credential of demo.env, but this configuration is not the demo [credential-demo]`,
    );
    expect(stderr).not.toContain(demo[name]);
  });
});
