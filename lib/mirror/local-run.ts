import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Environment } from '../input/environment.ts';
import { InputError } from '../input/problem.ts';

export interface LocalRunOptions {
  /** Which of the files is the script. */
  readonly script: string;
  /** Files by their path below the private directory; they may hold logins. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
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

/** Signals that end a process, other than those that report a bug in it. The value is the exit code of a shell for it. */
const SIGNALS = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGQUIT: 131,
  SIGUSR1: 138,
  SIGUSR2: 140,
  SIGALRM: 142,
  SIGTERM: 143,
  SIGXCPU: 152,
} as const;
type EndingSignal = keyof typeof SIGNALS;

/** How long a script may take to end its children and print its summary after a signal. */
const GRACE_MS = 30_000;

/**
 * Runs a shell script with the local skopeo, in a private directory. However this process ends (a signal, a closed
 * pipe, an error, even SIGKILL), the script and all that it started end too, and the directory is removed.
 *
 * @returns the script's exit code; after a signal it does not return, but ends this process as the signal does
 * @throws InputError where sh or skopeo is missing
 */
export async function runLocally(options: LocalRunOptions): Promise<number> {
  const { script, files, args, env, environment, onReport, onProgress } = options;
  await requireSkopeo(environment);
  const directory = mkdtempSync(join(tmpdir(), 'ess-airgap-'));
  const guard = startGuard(directory);
  let child: ChildProcess | undefined;
  let received: EndingSignal | undefined;

  const signalGroup = (signal: NodeJS.Signals): void => {
    if (child?.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // All of them have ended.
    }
  };
  const cleanUp = (): void => {
    signalGroup('SIGKILL');
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    // Who asks a second time does not want to wait.
    signalGroup(received ? 'SIGKILL' : 'SIGTERM');
    received ??= signal as EndingSignal;
    setTimeout(() => signalGroup('SIGKILL'), GRACE_MS).unref();
  };
  process.on('exit', cleanUp);
  for (const signal of Object.keys(SIGNALS)) process.on(signal, onSignal);
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true, mode: 0o700 });
      writeFileSync(join(directory, path), text, { mode: 0o600 });
    }
    mkdirSync(join(directory, 'tmp'));
    if (!received) {
      // A process group of its own, so that a signal reaches the script and every skopeo.
      child = spawn('sh', [join(directory, script), ...args(directory)], {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...environment, TMPDIR: join(directory, 'tmp'), ...env(directory) },
      });
      guard.watch(child.pid);
      return await endOf(child, onReport, onProgress);
    }
    return SIGNALS[received];
  } finally {
    cleanUp();
    guard.dismiss();
    process.off('exit', cleanUp);
    for (const signal of Object.keys(SIGNALS)) process.off(signal, onSignal);
    if (received) endBySignal(received);
  }
}

function endOf(
  child: ChildProcess,
  onReport: (line: string) => void,
  onProgress: (line: string) => void,
): Promise<number> {
  if (child.stdout) createInterface({ input: child.stdout }).on('line', onReport);
  if (child.stderr) createInterface({ input: child.stderr }).on('line', onProgress);
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code) => resolve(code ?? 2));
  });
}

/** So that a shell sees what ended us. SIGQUIT and the like would leave a core dump, and logins are in memory. */
function endBySignal(signal: EndingSignal): void {
  if (signal === 'SIGINT' || signal === 'SIGTERM' || signal === 'SIGHUP') process.kill(process.pid, signal);
  else process.exit(SIGNALS[signal]);
}

/**
 * Waits for the end of its standard input, which comes when this process ends, even by SIGKILL. Then it ends the
 * group of the script and removes the directory.
 */
const GUARD = `trap '' HUP INT QUIT TERM USR1 USR2
read -r group || { rm -rf -- "$1"; exit; }
! read -r done || exit
kill -KILL "-$group"
rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }`;

function startGuard(directory: string): { watch(pid: number | undefined): void; dismiss(): void } {
  const guard = spawn('sh', ['-c', GUARD, 'guard', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a guard everything works but for SIGKILL.
  guard.on('error', () => {}).unref();
  guard.stdin.on('error', () => {});
  return {
    watch: (pid) => guard.stdin.write(`${pid}\n`),
    dismiss: () => guard.stdin.end('\ndone\n'),
  };
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
