import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BundleLab, blobsIn, first, planDigest } from '../support/bundles.ts';
import { BINARY } from '../support/cli.ts';
import { runShell, startEssAirgap } from '../support/cli-process.ts';

// A bundle that is killed, and one whose disk is full: never taken for whole, and continued by the same command.

let lab: BundleLab;
let made: string;
let split: string;

beforeAll(async () => {
  lab = await BundleLab.start();
  made = join(lab.directory, 'made');
  split = join(lab.directory, 'split');
  expect(await lab.bundle(first, ['--output', made])).toMatchObject({ status: 0 });
  expect(await lab.bundle(first, ['--output', split, '--split-size', '128KiB'])).toMatchObject({ status: 0 });
});
afterAll(() => lab?.stop());

describe('killed at any moment', () => {
  test.each([
    ['SIGINT', 'made'],
    ['SIGKILL', 'made'],
    ['SIGKILL', 'split'],
  ] as const)('%s, %s', async (signal, kind) => {
    const output = join(lab.directory, `killed-${signal}-${kind}`);
    const cwd = lab.projectOf(first);
    const args = ['bundle', '--output', output, ...(kind === 'split' ? ['--split-size', '128KiB'] : [])];
    // The moments are spread over the time of a whole run; the folder is begun again now and then.
    for (let attempt = 0; attempt < 12; attempt++) {
      const { child, ended } = startEssAirgap(args, { cwd });
      const timer = sleep(150 + attempt * 40).then(() => child.kill(signal));
      const run = await ended;
      await timer;
      if (existsSync(output) && !existsSync(join(output, 'UNFINISHED')) && readdirSync(output).length > 0)
        break;
      expect(run.status).not.toBe(0);
      const loading = await lab.loadUnchecked(output);
      expect(loading).toMatchObject({ status: 2, stdout: '' });
    }
    if (!existsSync(output) || existsSync(join(output, 'UNFINISHED')) || readdirSync(output).length === 0) {
      expect(await startEssAirgap(args, { cwd }).ended).toMatchObject({ status: 0, stderr: '' });
    }
    const expected = kind === 'split' ? split : made;
    expect(spawnSync('diff', ['-r', expected, output]).stdout.toString()).toBe('');
  });
});

describe('a disk that is full', () => {
  /** Runs commands beside a file system of so many bytes at `disk`, which nobody else sees and that ends with them. */
  const withDisk = (bytes: number, commands: string, cwd: string) =>
    runShell(
      `exec unshare --mount --propagation private sh -c 'mkdir -p disk && mount -t tmpfs -o size=${bytes} tmpfs disk && ${commands}'`,
      { cwd, env: { PATH: process.env.PATH ?? '', HOME: cwd, ...lab.pushEnv } },
    );
  const bundle = `"${process.execPath}" "${BINARY}" bundle --output disk/out`;
  const blobBytes = () =>
    blobsIn(made).reduce((sum, name) => sum + statSync(join(made, 'blobs/sha256', name)).size, 0);

  test('is found before anything is downloaded, if it can be known', async () => {
    const cwd = lab.projectOf(first);
    const mark = lab.source.mark();
    const run = await withDisk(200_000, bundle, cwd);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(
      /^error: disk\/out needs another \d{3}\.\d kB, and its file system has \d{3}\.\d kB free\n {4}Free some space, or name a folder on another file system\. The same command continues an interrupted bundle\.\n$/,
    );
    expect(lab.source.accessLog(mark).some(({ path }) => path.includes('/blobs/'))).toBe(false);
  });

  test('is reported in words when it fills up, and with more room the same command continues', async () => {
    const cwd = lab.projectOf(first);
    // Room for the bytes of all blobs, but not for the pages that they take.
    const run = await withDisk(
      blobBytes() + 40960,
      `! ${bundle} && [ -e disk/out/UNFINISHED ] && mount -o remount,size=10m disk && ${bundle} && cp -r disk/out out`,
      cwd,
    );
    expect(run.stderr).toMatch(
      /^error: (\S+) could not be written: the file system is full \(ENOSPC\)\n {4}The bundle is not complete\. Once this is fixed, the same command continues where it stopped\.\n$/,
    );
    expect(run.status).toBe(0);
    expect(spawnSync('diff', ['-r', made, join(cwd, 'out')]).stdout.toString()).toBe('');
  });

  test('a file system that takes no large files: says which option cuts them', async () => {
    const cwd = lab.projectOf(first);
    const run = await runShell(`ulimit -f 200 && "${process.execPath}" "${BINARY}" bundle --output out`, {
      cwd,
    });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(
      'the file system does not support a file this large; use --split-size (EFBIG)',
    );
    expect(existsSync(join(cwd, 'out/UNFINISHED'))).toBe(true);
  });

  test('while a bundle is loaded: exit code 2, and nothing is pushed', async () => {
    lab.emptyTarget();
    const cwd = join(lab.directory, 'loading');
    mkdirSync(cwd);
    cpSync(made, join(cwd, 'bundle'), { recursive: true });
    const mark = lab.target.mark();
    for (const command of [
      `TMPDIR=disk sh bundle/load.sh --digest ${planDigest(made)}`,
      `TMPDIR=disk "${process.execPath}" "${BINARY}" load bundle --digest ${planDigest(made)}`,
    ]) {
      const run = await withDisk(8192, command, cwd);
      expect(run).toMatchObject({ status: 2, stdout: '' });
      expect(run.stderr).toMatch(/is there room in disk\?\nNothing was pushed\.|no space left on device/i);
    }
    expect(lab.target.mark()).toBe(mark);
  });
});
