import { CommanderError } from '@commander-js/extra-typings';
import { InputError } from '../input/problem.ts';
import { safeLines } from '../input/quote.ts';
import { RegistryError } from '../registry/error.ts';
import { EXIT } from './exit.ts';

/**
 * Runs the whole of a command line. Whatever goes wrong becomes one paragraph on standard error and exit code 2;
 * the stack trace only shows on request.
 *
 * An output that cannot be written ends the process at once. What must be cleaned up before (a running script, its
 * private directory) is cleaned up by a listener of the process's `exit` event.
 */
export async function runWithErrorHandling(run: () => Promise<unknown>, debug: () => boolean): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) is told nothing, but it did not get everything.
    if (error.code === 'EPIPE') process.exit(EXIT.unread);
    report(error, debug());
    process.exit();
  });
  // Progress and errors that nobody can read stop nothing; the exit code remains.
  process.stderr.on('error', () => {});
  process.on('uncaughtException', (error) => {
    report(error, debug());
    process.exit();
  });
  try {
    await run();
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has said it already; its own code for wrong use is 1.
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
  // The system refused: no space, no permission, no such folder. Node's message names the call and the path.
  if (error instanceof Error && 'syscall' in error) return `error: ${error.message}`;
  const message = error instanceof Error ? error.message : String(error);
  return `error: a fault of ess-airgap itself: ${message}\n    Run it again with --debug and report what it shows.`;
}
