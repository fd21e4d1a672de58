import { type ChildProcess, spawn } from 'node:child_process';
import { BINARY, type CliOptions } from './cli.ts';
import type { Run } from './project.ts';

/** The built binary as a process that runs beside the test, whose own servers can then answer it. */
export function startEssAirgap(
  args: readonly string[],
  options: CliOptions = {},
): { child: ChildProcess; ended: Promise<Run> } {
  return start(process.execPath, [BINARY, ...args], options);
}

/** Runs it to its end. */
export function runEssAirgap(args: readonly string[], options?: CliOptions): Promise<Run> {
  return startEssAirgap(args, options).ended;
}

/** Runs a command line with `sh -e` to its end, beside the test. */
export function runShell(commands: string, options?: CliOptions): Promise<Run> {
  return start('sh', ['-ec', commands], options).ended;
}

function start(
  program: string,
  args: readonly string[],
  { cwd, env }: CliOptions = {},
): { child: ChildProcess; ended: Promise<Run> } {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const ended = new Promise<Run>((resolve, reject) => {
    child.once('error', reject).once('close', (status) => resolve({ status, ...output }));
  });
  return { child, ended };
}
