import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { BINARY, essAirgap, inTerminal } from '../support/cli.ts';

const cwd = 'test/fixtures/releases';
const ESCAPE = String.fromCharCode(27);

/** What a terminal shows, without its colours. */
function plain(stdout: string): string {
  return stdout.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), '').replaceAll('\r', '');
}

describe('a terminal', () => {
  test.each([
    ['--containers', 60],
    ['--containers', 80],
    ['--containers', 130],
    ['--containers', 250],
    ['--images', 60],
    ['--images', 80],
    ['--images', 120],
  ])('%s in %i columns: no line is longer, no word is cut', (option, columns) => {
    const { status, stdout } = inTerminal(['plan', option], columns, { cwd });
    expect(status).toBe(0);
    expect(stdout).toContain(`${ESCAPE}[1m`);
    const table = plain(stdout).split(/\n(?=new\.yml)/)[0] ?? '';
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
    // Each part of a name stands whole in a line.
    const inPipe = essAirgap(['plan', option], { cwd }).stdout;
    const words = new Set(
      inPipe
        .split('\n')
        .slice(1)
        .join(' ')
        .split(/[\s/]+|(?=@)|(?<!sha256)(?=:)/),
    );
    for (const word of words) expect(table).toContain(word);
  });

  test('the summary fits a screen of 80 columns', () => {
    const { stdout } = inTerminal(['plan'], 80, { cwd });
    const [summary = ''] = plain(stdout).split('\nFindings\n');
    const lines = summary.split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.length).toBeLessThan(30);
  });

  test('colours only there, and not with NO_COLOR', () => {
    expect(inTerminal(['plan'], 100, { cwd, env: { NO_COLOR: '1' } }).stdout).not.toContain(ESCAPE);
    expect(essAirgap(['plan'], { cwd }).stdout).not.toContain(ESCAPE);
    for (const args of [['lint'], ['diff', 'old.yml', 'new.yml']]) {
      expect(inTerminal(args, 100, { cwd }).stdout).toContain(ESCAPE);
      expect(inTerminal(args, 100, { cwd, env: { NO_COLOR: '1' } }).stdout).not.toContain(ESCAPE);
    }
  });
});

test('a reader that goes away is told nothing, and it is no success: 141, as for others whom SIGPIPE ends', () => {
  const line = `'${process.execPath}' '${BINARY}' plan --format json; echo "$?" >&2`;
  const run = spawnSync('bash', ['-c', `{ sleep 0.5; ${line}; } | true`], { cwd, encoding: 'utf8' });
  expect(run).toMatchObject({ status: 0, stdout: '', stderr: '141\n' });
});
