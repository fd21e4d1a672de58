import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { BINARY, essAirgap, inTerminal } from '../support/cli.ts';

const cwd = 'test/fixtures/releases';
const ESCAPE = String.fromCharCode(27);

describe('a terminal', () => {
  test.each([60, 100, 250])('of %i columns: no line is longer, and there are colours', (columns) => {
    const { status, stdout } = inTerminal(['plan'], columns, { cwd });
    expect(status).toBe(0);
    expect(stdout).toContain(`${ESCAPE}[1mContainers`);
    const plain = stdout.replaceAll(new RegExp(`${ESCAPE}\\[\\d+m`, 'g'), '').replaceAll('\r', '');
    const tables = plain.slice(0, plain.indexOf('Totals')).split('\n');
    expect(Math.max(...tables.map((line) => line.length))).toBeLessThanOrEqual(columns);
    // Folding loses nothing.
    const run = essAirgap(['plan'], { cwd }).stdout;
    const sorted = (text: string) => [...text.replace(/\s/g, '')].sort().join('');
    expect(sorted(plain)).toBe(sorted(run));
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
