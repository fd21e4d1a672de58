import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { EXPORT_FORMATS } from '../../lib/exports/export.ts';
import { essAirgap } from '../support/cli.ts';

/** What bash would offer for a command line; the last word is the one at the cursor. */
function offered(...words: string[]): string[] {
  const script = `${essAirgap(['completion', 'bash']).stdout}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ess_airgap; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const run = spawnSync('bash', ['-euc', script, 'bash', ...words], { encoding: 'utf8' });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  return run.stdout.split('\n').filter(Boolean);
}

describe('completion in bash', () => {
  const commands = [...essAirgap(['--help']).stdout.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name]) => name);

  test('every command of the help', () => {
    expect(commands).toContain('plan');
    expect(offered('ess-airgap', '')).toEqual(commands);
    expect(offered('ess-airgap', 'pl')).toEqual(['plan']);
    expect(offered('ess-airgap', '--config', 'x.yaml', 'pl')).toEqual(['plan']);
  });

  test('options of the command, and their values', () => {
    expect(offered('ess-airgap', 'plan', '--f')).toEqual(['--format']);
    expect(offered('ess-airgap', 'lint', '--')).toContain('--strict');
    expect(offered('ess-airgap', 'lint', '--')).toContain('--config');
    expect(offered('ess-airgap', 'plan', '--format', '')).toEqual([
      'text',
      'json',
      'markdown',
      'csv',
      ...EXPORT_FORMATS,
    ]);
    expect(offered('ess-airgap', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test('files are left to bash', () => {
    expect(offered('ess-airgap', 'diff', '')).toEqual([]);
    expect(offered('ess-airgap', 'plan', '--config', '')).toEqual([]);
  });

  test('another shell is wrong use, and the three are named', () => {
    const run = essAirgap(['completion', 'tcsh']);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('Allowed choices are bash, zsh, fish.');
  });
});
