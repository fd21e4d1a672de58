import { writeWhole } from '../common/write-whole.ts';

/** Writes the document that a command makes: to a file, complete or not at all, or to standard output. */
export function writeOutput(file: string | undefined, text: string): void {
  if (file === undefined) process.stdout.write(text);
  else writeWhole(file, text);
}
