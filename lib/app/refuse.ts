import { redact } from '../credentials/redact.ts';
import { InputError } from '../input/problem.ts';

/**
 * Runs the edge of a program. For bad input: the problems on standard error and exit code 2, no stack trace. Any
 * other error is a bug of ours and keeps its stack trace.
 */
export function refuseBadInput(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${redact(error.message, process.env)}\n`);
    process.exitCode = 2;
  }
}
