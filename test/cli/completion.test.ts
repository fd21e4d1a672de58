import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { EXPORT_FORMATS } from '../../lib/exports/export.ts';
import { essAirgap } from '../support/cli.ts';

const script = (shell: string): string => essAirgap(['completion', shell]).stdout;

function linesOf(program: string, args: readonly string[]): string[] {
  const run = spawnSync(program, args, { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: tmpdir() } });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  return run.stdout.split('\n').filter(Boolean);
}

/** What bash would offer for a command line; the last word is the one at the cursor. */
function offered(...words: string[]): string[] {
  return inBash('', words);
}

/** The same after other completions were set up. */
function inBash(before: string, words: readonly string[]): string[] {
  const run = `${before}
${script('bash')}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
[[ $(complete -p "$1") =~ -F[[:space:]]([^[:space:]]+) ]]
"\${BASH_REMATCH[1]}" "$1"; [[ \${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  return linesOf('bash', ['--norc', '-euc', run, 'bash', ...words]);
}

/** The same for zsh: with its completion system replaced by what prints the words. */
function inZsh(...words: string[]): string[] {
  const run = `typeset -A _comps
compdef() { _comps[$2]=$1 }
_describe() { print -l -- "\${(@)described%%:*}" }
compadd() { shift; print -l -- "$@" }
_files() { print files }
_default() { print default }
${script('zsh')}
${script('zsh')}
typeset -a words=("$@"); typeset -i CURRENT=$#
\${_comps[$1]} || true`;
  return linesOf('zsh', ['-fc', run, 'zsh', ...words]);
}

/** The same for fish, which has a command for it. */
function inFish(line: string): string[] {
  const run = `${script('fish')}\ncomplete -C ${JSON.stringify(line)}`;
  return linesOf('fish', ['--no-config', '-c', run]).map((text) => text.split('\t')[0] ?? '');
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

  test('npx ess-airgap: the same, with options of npx too; the rest of npx is left as it was', () => {
    expect(offered('npx', 'ess-airgap', 'pl')).toEqual(['plan']);
    expect(offered('npx', '--offline', 'ess-airgap', 'plan', '--f')).toEqual(['--format']);
    expect(offered('npx', 'ess-airgap', 'plan', '--format', 'ma')).toEqual(['markdown']);
    expect(offered('npx', 'other', 'pl')).toEqual([]);
    const before = '_mine() { COMPREPLY=(mine); }; complete -F _mine npx';
    expect(inBash(before, ['npx', 'other', ''])).toEqual(['mine']);
    expect(inBash(before, ['npx', 'ess-airgap', 'pl'])).toEqual(['plan']);
    // Read twice, it does not call itself.
    expect(inBash(`${before}\n${script('bash')}`, ['npx', 'other', ''])).toEqual(['mine']);
  });

  test('another shell is wrong use, and the three are named', () => {
    const run = essAirgap(['completion', 'tcsh']);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('Allowed choices are bash, zsh, fish.');
  });
});

describe('completion in zsh', () => {
  test('commands, options and values', () => {
    expect(inZsh('ess-airgap', '')).toContain('plan');
    expect(inZsh('ess-airgap', 'plan', '--')).toContain('--format');
    expect(inZsh('ess-airgap', 'plan', '--format', '')).toContain('markdown');
  });

  test('npx ess-airgap', () => {
    expect(inZsh('npx', 'ess-airgap', '')).toEqual(inZsh('ess-airgap', ''));
    expect(inZsh('npx', '--offline', 'ess-airgap', 'plan', '--')).toEqual(inZsh('ess-airgap', 'plan', '--'));
    expect(inZsh('npx', 'other', '')).toEqual(['default']);
  });
});

describe('completion in fish', () => {
  test('commands, options and values', () => {
    expect(inFish('ess-airgap pl')).toEqual(['plan']);
    expect(inFish('ess-airgap plan --fo')).toEqual(['--format']);
    expect(inFish('ess-airgap plan --format mark')).toEqual(['markdown']);
  });

  test('npx ess-airgap', () => {
    expect(inFish('npx ess-airgap pl')).toEqual(['plan']);
    expect(inFish('npx --offline ess-airgap plan --fo')).toEqual(['--format']);
    expect(inFish('npx ess-airgap plan --format mark')).toEqual(['markdown']);
  });
});
