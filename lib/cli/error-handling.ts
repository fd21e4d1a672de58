import { CommanderError } from '@commander-js/extra-typings';
import { InputError } from '../input/problem.ts';
import { safeLines } from '../input/quote.ts';
import { RegistryError } from '../registry/error.ts';
import { EXIT } from './exit.ts';

/**
 * Runs a command line. An error is printed as one paragraph on standard error, with exit code 2; the stack trace is
 * printed on request only.
 *
 * An output that cannot be written ends the process at once. What must be cleaned up before (a running script, its
 * private directory) is cleaned up by a listener of the process's `exit` event.
 */
export async function runWithErrorHandling(run: () => Promise<unknown>, debug: () => boolean): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader closed the pipe, as `| head` does: no message, but not success either.
    if (error.code === 'EPIPE') process.exit(EXIT.unread);
    report(error, debug());
    process.exit();
  });
  // A closed standard error does not stop the command.
  process.stderr.on('error', () => {});
  process.on('uncaughtException', (error) => {
    report(error, debug());
    process.exit();
  });
  try {
    await run();
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has printed the message; its own exit code for usage errors is 1.
      if (error.exitCode !== 0) process.exitCode = EXIT.failed;
      return;
    }
    report(error, debug());
  }
}

function report(error: unknown, debug: boolean): void {
  process.exitCode = EXIT.failed;
  const text = (debug && error instanceof Error && error.stack) || describe(error);
  process.stderr.write(`${safeLines(text)}\n`);
}

function describe(error: unknown): string {
  if (error instanceof InputError) return error.message;
  if (error instanceof RegistryError) return `error: ${error.message}`;
  // An error of the system: no space, no permission, no such folder. Node's message names the call and the path.
  if (error instanceof Error && 'syscall' in error) return `error: ${error.message}`;
  const message = error instanceof Error ? error.message : String(error);
  return `error: this is a bug in ess-airgap: ${message}\n    Run the command again with --debug and report the output.`;
}
