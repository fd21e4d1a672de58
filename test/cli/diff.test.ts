import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { essAirgap, folder } from '../support/cli.ts';

const old = readFileSync('test/fixtures/releases/old.yml', 'utf8');
const now = readFileSync('test/fixtures/releases/new.yml', 'utf8');

/** A repository whose only commit has the old release, in a subfolder; the new one lies in the work tree. */
function repository(): string {
  const dir = folder({ 'infra/images_digests.yml': old });
  const git = (...args: string[]): void => {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
    const { status, stderr } = spawnSync('git', [...identity, '-C', dir, ...args], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'old');
  return dir;
}

describe('git:REV:path', () => {
  test('reads a file of a commit, from the top or from here', () => {
    const dir = repository();
    const cwd = join(dir, 'infra');
    const files = { cwd, env: { GIT_CONFIG_NOSYSTEM: '1' } };
    for (const path of ['git:HEAD:infra/images_digests.yml', 'git:main:./images_digests.yml']) {
      const run = essAirgap(['diff', path, 'images_digests.yml'], files);
      expect(run).toMatchObject({ status: 0, stderr: '' });
      expect(run.stdout).toContain('Nothing changed.');
    }
  });

  test.each([
    ['git:HEAD:nowhere.yml', "git has no such file: path 'nowhere.yml' does not exist in 'HEAD'"],
    ['git:v9:images_digests.yml', "git has no such file: invalid object name 'v9'"],
    ['git:--output=pwned:x', 'git has no such file'],
  ])('%s: one paragraph, nothing is done', (path, message) => {
    const cwd = repository();
    const run = essAirgap(['diff', path, 'infra/images_digests.yml'], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(`${path}:1:1: error: ${message}`);
    expect(spawnSync('ls', [cwd], { encoding: 'utf8' }).stdout).toBe('infra\n');
  });

  test('a broken file of a commit is named with its place', () => {
    const dir = repository();
    const run = essAirgap(['diff', 'git:HEAD:infra/images_digests.yml', 'broken.yml'], { cwd: dir });
    expect(run.stderr).toContain('broken.yml:1:1: error: the file does not exist');
  });
});

describe('the ConfigMap', () => {
  const least =
    'apiVersion: ess-airgap/v1\nregistry: { server: localregistry.local, path: elementdeployment }\n';

  test('that was synthesised from a release differs from it in nothing', () => {
    const cwd = folder({
      'airgap.yaml': least,
      'ess-images.k8s.yaml': { from: 'dist/ess-images.k8s.yaml' },
      'images_digests.yml': { from: 'images_digests.yml' },
    });
    const run = essAirgap(['diff', 'ess-images.k8s.yaml', 'images_digests.yml'], { cwd });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain('0 added, 0 removed, 6 unchanged');
  });

  test('that lost a container says where it would run from', () => {
    const whole = readFileSync('dist/ess-images.k8s.yaml', 'utf8');
    const cwd = folder({
      'airgap.yaml': least,
      'a.yaml': whole,
      'b.yaml': whole.replace(/ {4}auditbot:[\s\S]*$/, ''),
    });
    const run = essAirgap(['diff', 'a.yaml', 'b.yaml'], { cwd });
    expect(run.status).toBe(1);
    expect(run.stdout).toContain('the ConfigMap no longer has auditbot/pipe: it would run from the internet');
  });
});

test('a configuration that somebody names must be there', () => {
  const cwd = folder({ 'old.yml': old, 'new.yml': now });
  expect(essAirgap(['diff', 'old.yml', 'new.yml'], { cwd }).status).toBe(1);
  for (const options of [{ args: ['-c', 'x.yaml'] }, { args: [], env: { ESS_AIRGAP_CONFIG: 'x.yaml' } }]) {
    for (const command of [
      ['diff', 'old.yml', 'new.yml'],
      ['load', 'bundle'],
    ]) {
      const run = essAirgap([...command, ...options.args], { cwd, env: options.env });
      expect(run).toMatchObject({ status: 2, stdout: '' });
      expect(run.stderr).toContain('x.yaml:1:1: error: the file does not exist');
    }
  }
});

test('a tag that is copied anew without a new image is said to be the same', () => {
  const cwd = folder({ 'old.yml': old, 'new.yml': old.replaceAll('v1.96.1-1.10', 'v1.96.2') });
  expect(essAirgap(['diff', 'old.yml', 'new.yml'], { cwd }).stdout).toContain(
    're-tagged from v1.96.1-1.10 to v1.96.2, the same digest',
  );
});
