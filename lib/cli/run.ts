import { redactOutput } from '../credentials/redact.ts';
import type { AddCommand } from './commands/index.ts';
import { runWithErrorHandling } from './error-handling.ts';
import { makeProgram } from './program.ts';

/** Runs the command line of this process with some commands. */
export function runCommands(commands: readonly AddCommand[]): void {
  redactOutput();
  const program = makeProgram();
  for (const add of commands) add(program);
  void runWithErrorHandling(
    () => program.parseAsync(),
    () => program.opts().debug === true,
  );
}
