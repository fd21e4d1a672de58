import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { essAirgap, folder } from './support/cli.ts';
import { divide, Project } from './support/project.ts';

const projects: Project[] = [];
function project(files?: Record<string, string>): Project {
  const made = new Project(files);
  projects.push(made);
  return made;
}
afterAll(() => {
  for (const made of projects.splice(0)) made.remove();
});

const least = 'apiVersion: ess-airgap/v1\nregistry: { server: localregistry.local }\n';

describe('npm run demo', () => {
  const sample = project();
  const run = sample.run('npm run demo');

  test('says what it made, and what comes next', () => {
    expect(run.status).toBe(0);
    expect(run.stderr).toContain('6 containers overridden, 0 excluded');
    expect(run.stderr).toContain(
      '3 distinct images to localregistry.local, from docker.io (1), gitlab-registry.matrix.org (2)',
    );
    for (const name of ['ess-images', 'ess-mirror', 'pull-ess-secrets', 'mirror-ess-secrets'])
      expect(run.stderr).toContain(`dist/${name}.k8s.yaml`);
    expect(run.stderr).toContain('kubectl apply -f dist/ess-images.k8s.yaml');
  });

  test('the committed dist/ is what it writes', () => {
    const { secrets, committed } = divide(sample.dist());
    expect(secrets).toHaveLength(2);
    expect(Object.keys(committed)).toEqual(['ess-images.k8s.yaml', 'ess-mirror.k8s.yaml']);
    for (const [name, text] of Object.entries(committed))
      expect(text).toBe(readFileSync(`dist/${name}`, 'utf8'));
  });

  test('plain Secrets are in the one file that git ignores, and nowhere else', () => {
    for (const [name, text] of Object.entries(sample.dist())) {
      expect(/^kind: Secret$/m.test(text)).toBe(name.endsWith('ess-secrets.k8s.yaml'));
    }
    for (const name of ['pull', 'mirror']) {
      const file = `dist/${name}-ess-secrets.k8s.yaml`;
      expect(spawnSync('git', ['check-ignore', file]).status).toBe(0);
      expect(statSync(join(sample.dir, file)).mode & 0o777).toBe(0o600);
    }
  });

  test('a second run gives the same bytes', () => {
    const before = sample.dist();
    expect(sample.run('npm run demo').status).toBe(0);
    expect(sample.dist()).toEqual(before);
  });
});

describe('npx cdk8s synth', () => {
  test('works without any other step, and never runs stale code', () => {
    const made = project({ 'airgap.yaml': least });
    expect(made.run('npx cdk8s synth').status).toBe(0);
    expect(Object.keys(made.dist())).toEqual(['ess-images.k8s.yaml']);
    made.write(
      'lib/manifests/metadata.ts',
      made.read('lib/manifests/metadata.ts').replace("'ess-airgap/plan-hash'", "'changed/plan-hash'"),
    );
    expect(made.run('npx cdk8s synth').status).toBe(0);
    expect(made.dist()['ess-images.k8s.yaml']).toContain('changed/plan-hash');
  });

  test('ESS_AIRGAP_CONFIG names another file; its digests file is found beside it', () => {
    const made = project({
      'clusters/prod.yaml': `${least}digests: ../full.yml\nnamespace: prod\n`,
      'full.yml': readFileSync('test/fixtures/images_digests.full.yml', 'utf8'),
    });
    const run = made.run('npx cdk8s synth', { ESS_AIRGAP_CONFIG: 'clusters/prod.yaml' });
    expect(run.status).toBe(0);
    expect(run.stderr).toContain('52 containers overridden');
    expect(run.stderr).toContain('44 distinct images');
    expect(made.dist()['ess-images.k8s.yaml']).toContain('namespace: prod');
  });
});

describe('bad input: no stack trace, exit code not 0, nothing touched', () => {
  const refused = (files: Record<string, string>, env: Record<string, string> = {}): string => {
    const made = project(files);
    const before = made.dist();
    const run = made.run('npm run synth', env);
    expect(run.status).toBe(2);
    expect(run.stderr).not.toMatch(/^\s+at /m);
    expect(made.dist()).toEqual(before);
    return run.stderr;
  };

  test('a broken configuration and a broken digests file', () => {
    expect(refused({ 'airgap.yaml': `${least}pn: tag\n` })).toContain(
      'airgap.yaml:3:1: error: unknown key "pn"',
    );
    const digests = refused({ 'airgap.yaml': least, 'images_digests.yml': 'web:\n  web:\n' });
    expect(digests).toContain('images_digests.yml:2:3: error: the container web/web has no value');
  });

  test('a file that is not there', () => {
    expect(refused({}, { ESS_AIRGAP_CONFIG: 'nowhere.yaml' })).toContain(
      'nowhere.yaml:1:1: error: the file does not exist',
    );
    expect(refused({ 'airgap.yaml': `${least}digests: x.yml\n` })).toContain(
      'x.yml:1:1: error: the file does not exist',
    );
  });

  test('a file that is too large, or not text', () => {
    const large = refused({ 'airgap.yaml': least, 'images_digests.yml': '#'.repeat(9_000_000) });
    expect(large).toContain('images_digests.yml:1:1: error: the file has 9000000 bytes');
    const made = project({ 'airgap.yaml': least });
    made.run("printf '\\377\\376a' >images_digests.yml");
    expect(made.run('npm run synth').stderr).toContain(
      'images_digests.yml:1:1: error: the file is not UTF-8 text',
    );
  });

  test('missing variables are all named', () => {
    const message = refused({}, { EMS_IMAGE_STORE_USERNAME: 'ems', ESS_AIRGAP_PUSH_PASSWORD: '' });
    for (const name of ['PULL_USERNAME', 'PULL_PASSWORD', 'PUSH_USERNAME']) {
      expect(message).toContain(
        `the environment variable ESS_AIRGAP_${name}, for localregistry.local, is not set`,
      );
    }
    // A key that is there is pointed at; a default, at what it belongs to.
    expect(message).toContain('airgap.yaml:11:1: error: the environment variable ESS_AIRGAP_PULL_USERNAME');
    expect(message).toContain(
      'airgap.yaml:23:20: error: the environment variable EMS_IMAGE_STORE_TOKEN, for gitlab-registry.matrix.org/ems-image-store, is not set',
    );
    expect(message).toContain('ESS_AIRGAP_PUSH_PASSWORD, for localregistry.local, is empty');
    expect(message).not.toContain('EMS_IMAGE_STORE_USERNAME');
  });

  test('a finding that is an error', () => {
    const message = refused({ 'airgap.yaml': `${least}exclude: ['*']\n` });
    expect(message).toContain('airgap.yaml:3:1: error: the ConfigMap would be empty: exclude matches all 6');
    expect(message).toContain('[nothing-overridden]');
  });

  test('an image of the mirror without a digest: the same answer as lint, before anything is written', () => {
    const airgap = `${least}mirror: { image: 'quay.io/skopeo/stable:v1' }\n`;
    const message = refused({ 'airgap.yaml': airgap });
    expect(message).toContain('airgap.yaml:3:18: error: mirror.image quay.io/skopeo/stable:v1 has no digest');
    const cwd = folder({ 'airgap.yaml': airgap, 'images_digests.yml': { from: 'images_digests.yml' } });
    const lint = essAirgap(['lint'], { cwd });
    expect(lint.status).toBe(1);
    expect(message).toContain(/^.*mirror-image-unpinned.*$/m.exec(lint.stdout)?.[0] ?? 'nothing');
  });
});

test('credentials of the environment are in the Secrets alone', () => {
  const names = [...readFileSync('demo.env', 'utf8').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name ?? '');
  const env: Record<string, string> = Object.fromEntries(names.map((name) => [name, `s3cret-${name}`]));
  const made = project();
  const run = made.run('npm run synth', env);
  expect(run.status).toBe(0);
  const { secrets, committed } = divide(made.dist());
  const outputs = [run.stdout, run.stderr, ...Object.values(committed)].join('\n');
  const base64 = (text: string) => Buffer.from(text).toString('base64').slice(0, -4);
  for (const secret of Object.values(env)) {
    expect(outputs).not.toContain(secret);
    expect(outputs).not.toContain(base64(secret));
  }
  const configs = [...secrets.join('\n').matchAll(/\.dockerconfigjson: (\S+)/g)].map((m) =>
    JSON.parse(Buffer.from(m[1] ?? '', 'base64').toString()),
  );
  const [pull, mirror] = configs;
  expect(pull.auths['localregistry.local']).toEqual({
    username: env.ESS_AIRGAP_PULL_USERNAME,
    password: env.ESS_AIRGAP_PULL_PASSWORD,
    auth: Buffer.from(`${env.ESS_AIRGAP_PULL_USERNAME}:${env.ESS_AIRGAP_PULL_PASSWORD}`).toString('base64'),
  });
  // The nodes never get the push credential, nor the Job that of the nodes.
  expect(mirror.auths['localregistry.local'].username).toBe(env.ESS_AIRGAP_PUSH_USERNAME);
  expect(Object.keys(mirror.auths)).toEqual([
    'gitlab-registry.matrix.org/ems-image-store',
    'localregistry.local',
  ]);
});
