import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Environment } from '../input/environment.ts';
import { InputError } from '../input/problem.ts';

export interface LocalRunOptions {
  /** Which of the files is the script. */
  readonly script: string;
  /** Text files by their path below the private directory; they may hold logins. */
  readonly files: Readonly<Record<string, string>>;
  /** The script's arguments, given the private directory. */
  readonly args: (directory: string) => readonly string[];
  /** What the script's environment has beside ours, given the private directory. */
  readonly env: (directory: string) => Environment;
  readonly environment: Environment;
  /** Takes each line of the script's standard output: its report. */
  readonly onReport: (line: string) => void;
  /** Takes each line of its standard error: its progress, for people. */
  readonly onProgress: (line: string) => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a shell script with the local skopeo, in a private directory that goes when it ends, however it ends. A signal
 * is passed on to the script and all that it started, and ends this process too once they are gone.
 *
 * @returns the script's exit code
 * @throws InputError where sh or skopeo is missing
 */
export async function runLocally(options: LocalRunOptions): Promise<number> {
  const { script, files, args, env, environment, onReport, onProgress } = options;
  await requireSkopeo(environment);
  const directory = mkdtempSync(join(tmpdir(), 'ess-airgap-'));
  let received: NodeJS.Signals | undefined;
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true, mode: 0o700 });
      writeFileSync(join(directory, path), text, { mode: 0o600 });
    }
    mkdirSync(join(directory, 'tmp'));
    // A process group of its own: a signal reaches the script and every skopeo, from a terminal or not.
    const child = spawn('sh', [join(directory, script), ...args(directory)], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment, TMPDIR: join(directory, 'tmp'), ...env(directory) },
    });
    const passOn = (signal: NodeJS.Signals): void => {
      received = signal;
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
    };
    for (const signal of SIGNALS) process.on(signal, passOn);
    try {
      createInterface({ input: child.stdout }).on('line', onReport);
      createInterface({ input: child.stderr }).on('line', onProgress);
      return await new Promise<number>((resolve, reject) => {
        child.once('error', reject).once('close', (code) => resolve(code ?? 2));
      });
    } finally {
      for (const signal of SIGNALS) process.off(signal, passOn);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
    if (received) process.kill(process.pid, received);
  }
}

async function requireSkopeo(environment: Environment): Promise<void> {
  const found = await new Promise<boolean>((resolve) => {
    const child = spawn('skopeo', ['--version'], { stdio: 'ignore', env: environment });
    child.once('error', () => resolve(false)).once('close', (code) => resolve(code === 0));
  });
  if (found) return;
  throw new InputError([
    {
      message: 'skopeo cannot be run; expected it on the PATH',
      hint: 'Install it: https://github.com/containers/skopeo/blob/main/install.md',
    },
  ]);
}
