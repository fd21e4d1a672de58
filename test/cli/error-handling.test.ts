import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { BINARY, essAirgap, folder } from '../support/cli.ts';

describe('wrong use: exit code 2, nothing on standard output', () => {
  test.each([
    [['lnt'], "unknown command 'lnt'\n(Did you mean lint?)"],
    [['lint', '--strct'], "unknown option '--strct'\n(Did you mean --strict?)"],
    [['lint', 'more'], "too many arguments for 'lint'"],
    [[], 'Usage: ess-airgap'],
  ])('%j', (args, message) => {
    const run = essAirgap(args);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(message);
  });
});

describe('broken input: exit code 2, a stack trace only on request', () => {
  test.each([
    [['lint', '--config', 'nowhere.yaml'], 'nowhere.yaml:1:1: error: the file does not exist'],
    [['--config', 'nowhere.yaml', 'lint'], 'nowhere.yaml:1:1: error: the file does not exist'],
    [['lint'], 'airgap.yaml:1:1: error: apiVersion is missing'],
  ])('%j', (args, message) => {
    const cwd = folder({ 'airgap.yaml': 'registry: { server: r.local }\n' });
    const run = essAirgap(args, { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(message);
    expect(run.stderr).not.toMatch(/^\s+at /m);
    const debugged = essAirgap([...args, '--debug'], { cwd });
    expect(debugged).toMatchObject({ status: 2, stdout: '' });
    expect(debugged.stderr).toContain(message);
    expect(debugged.stderr).toMatch(/^\s+at /m);
  });

  test('ESS_AIRGAP_CONFIG names the configuration, and --config has the last word', () => {
    const env = { ESS_AIRGAP_CONFIG: 'one.yaml' };
    expect(essAirgap(['lint'], { cwd: folder(), env }).stderr).toContain(
      'one.yaml:1:1: error: the file does not',
    );
    expect(essAirgap(['lint', '-c', 'two.yaml'], { cwd: folder(), env }).stderr).toContain(
      'two.yaml:1:1: error',
    );
  });
});

test('the system refuses: one paragraph, exit code 2', () => {
  const cwd = 'test/fixtures/releases';
  const full = spawnSync('sh', ['-c', `'${process.execPath}' '${BINARY}' plan >/dev/full`], {
    cwd,
    encoding: 'utf8',
  });
  expect(full).toMatchObject({ status: 2, stderr: 'error: ENOSPC: no space left on device, write\n' });
  const images = { 'images_digests.yml': { from: 'images_digests.yml' } };
  const run = essAirgap(['init', 'r.local', '-c', 'no/such/airgap.yaml', '-d', 'images_digests.yml'], {
    cwd: folder(images),
  });
  expect(run).toMatchObject({ status: 2, stdout: '' });
  expect(run.stderr).toBe("error: ENOENT: no such file or directory, open 'no/such/airgap.yaml'\n");
});

describe('a hostile file cannot steer the terminal', () => {
  const least = 'apiVersion: ess-airgap/v1\nregistry: { server: r.local }\n';
  const controls = ['\u001b', '\u0007', '\u202e', '\u061c', '\u200b'];

  test.each([
    ['an unknown key', { 'airgap.yaml': `${least}"a\\e[2Jb\\nc": x\n` }, 2],
    ['a value', { 'airgap.yaml': `${least}exclude: ["\\e]0;x\\a", "\\u202Ex\\u061c\\u200b"]\n` }, 2],
    ['a digests file', { 'airgap.yaml': least, 'images_digests.yml': '"\\e[31mx": { a: { b: c } }\n' }, 2],
  ])('%s', (_, files, status) => {
    const cwd = folder({ 'images_digests.yml': { from: 'images_digests.yml' }, ...files });
    for (const args of [['lint'], ['plan'], ['plan', '--format', 'markdown']]) {
      const run = essAirgap(args, { cwd });
      expect(run.status).toBe(status);
      for (const control of controls) expect(run.stdout + run.stderr).not.toContain(control);
      expect(run.stdout + run.stderr).toMatch(/u001b/);
    }
  });
});

test('npx finds it in a clone, without a network', () => {
  const run = spawnSync('npx', ['--offline', 'ess-airgap', '--version'], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder(), npm_config_loglevel: 'silent' },
  });
  expect(run).toMatchObject({ status: 0, stdout: '0.1.0\n' });
});
