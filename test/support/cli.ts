import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Run } from './project.ts';

/** The built binary; test/support/global-setup.ts builds it before the first test. */
export const BINARY = resolve('build/ess-airgap.cjs');

export interface CliOptions {
  /** The folder that it runs in. */
  readonly cwd?: string;
  /** The environment beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Runs the built binary as a process of its own and waits for its end. */
export function essAirgap(args: readonly string[], { cwd, env, input }: CliOptions = {}): Run {
  return ended(
    spawnSync(process.execPath, [BINARY, ...args], {
      encoding: 'utf8',
      cwd,
      input: input ?? '',
      env: { PATH: process.env.PATH, HOME: cwd, ...env },
    }),
  );
}

/** Runs the built binary in a pseudo-terminal (`script` of util-linux) of the given width. */
export function inTerminal(args: readonly string[], columns: number, { cwd, env }: CliOptions = {}): Run {
  const quoted = [process.execPath, BINARY, ...args].map((word) => `'${word}'`).join(' ');
  return ended(
    spawnSync('script', ['-qec', `stty cols ${columns} rows 50; ${quoted}`, '/dev/null'], {
      encoding: 'utf8',
      cwd,
      input: '',
      env: { PATH: process.env.PATH, HOME: cwd, TERM: 'xterm-256color', ...env },
    }),
  );
}

function ended({ status, stdout, stderr, error }: SpawnSyncReturns<string>): Run {
  if (error) throw error;
  return { status, stdout, stderr };
}

/**
 * A new folder that goes when the test ends, for a command to run in.
 *
 * @param files by path: a text, or the path of a file of this repository to copy as `{ from }`
 */
export function folder(files: Readonly<Record<string, string | { readonly from: string }>> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-cli-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    if (typeof content === 'string') writeFileSync(join(dir, path), content);
    else cpSync(content.from, join(dir, path));
  }
  return dir;
}
