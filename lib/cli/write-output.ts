import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { redact } from '../credentials/redact.ts';
import { type Terminal, terminalOf } from './terminal.ts';

/** Writes the document that a command makes: to a file, complete or not at all, or to standard output. */
export function writeOutput(file: string | undefined, text: string): void {
  if (file === undefined) process.stdout.write(text);
  else writeWhole(file, redact(text));
}

/** How the output shows text: a file is no terminal. */
export function outputTerminal(file: string | undefined): Terminal {
  return terminalOf(file === undefined ? process.stdout : undefined);
}

/** Writes a file so that it is complete, or as it was before, however the program ends. */
export function writeWhole(path: string, text: string): void {
  // A link stays one.
  const file = existsSync(path) ? realpathSync(path) : path;
  const beside = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    writeFileSync(beside, text, { flag: 'wx' });
    renameSync(beside, file);
  } finally {
    rmSync(beside, { force: true });
  }
}
