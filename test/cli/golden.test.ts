import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { essAirgap } from '../support/cli.ts';

const cwd = 'test/fixtures/releases';

/** What each command prints for the pair of releases in test/fixtures/releases, byte by byte. */
describe('golden outputs', () => {
  test.each([
    ['plan.txt', ['plan'], 0],
    ['plan.containers.txt', ['plan', '--containers'], 0],
    ['plan.images.txt', ['plan', '--images'], 0],
    ['plan.json', ['plan', '--format', 'json'], 0],
    ['plan.md', ['plan', '--format', 'markdown'], 0],
    ['plan.csv', ['plan', '--format', 'csv'], 0],
    ['lint.txt', ['lint'], 0],
    ['lint.txt', ['lint', '--strict'], 1],
    ['lint.json', ['lint', '--format', 'json'], 0],
    ['lint.sarif.json', ['lint', '--format', 'sarif'], 0],
    ['wiring.yaml', ['wiring', '--helm', 'operator.manager=synapse/redis', '--format', 'yaml'], 0],
    ['wiring.json', ['wiring', '--helm', 'operator.manager=synapse/redis', '--format', 'json'], 0],
    ['diff.txt', ['diff', 'old.yml', 'new.yml'], 1],
    ['diff.md', ['diff', 'old.yml', 'new.yml', '--format', 'markdown'], 1],
    ['diff.json', ['diff', 'old.yml', 'new.yml', '--format', 'json'], 1],
    ['wiring.txt', ['wiring', '--helm', 'operator.manager=synapse/redis'], 0],
    ['help.txt', ['--help'], 0],
    ['help.diff.txt', ['help', 'diff'], 0],
  ])('%s: %j', async (file, args, status) => {
    const run = essAirgap(args, { cwd });
    expect(run.status).toBe(status);
    await expect(run.stdout).toMatchFileSnapshot(`../fixtures/golden/${file}`);
  });

  // build/ess-airgap.cjs has a bundle of their own for these, unless something stands in front of them.
  test.each([
    ['plan'],
    ['plan', '--format', 'json'],
    ['plan', '--help'],
    ['plan', '--fromat', 'json'],
    ['lint', '--strict'],
    ['lint', '--config', 'nothing.yaml'],
  ])('%j: the same from the bundle of all commands', (...args) => {
    const all = spawnSync(process.execPath, [resolve('build/cli/all.cjs'), ...args], {
      cwd,
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    const { status, stdout, stderr } = essAirgap(args, { cwd });
    expect({ status, stdout, stderr }).toEqual({
      status: all.status,
      stdout: all.stdout,
      stderr: all.stderr,
    });
  });

  test('without a configuration, diff says what the releases alone can say', async () => {
    const run = essAirgap(['diff', 'releases/old.yml', 'releases/new.yml'], { cwd: 'test/fixtures' });
    expect(run.status).toBe(1);
    await expect(run.stdout).toMatchFileSnapshot('../fixtures/golden/diff.without-config.txt');
  });
});
