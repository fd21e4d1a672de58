import { readFileSync, statSync } from 'node:fs';
import { InputError } from './problem.ts';

/**
 * The largest file that is read. A digests file of a full release is about 16 KiB, one of 5,000 containers
 * about 2 MiB; whatever is far beyond is not the file that was meant.
 */
export const MAX_BYTES = 8 * 1024 * 1024;

/** The text of a UTF-8 file, without a byte order mark. Throws InputError when it cannot be read as that. */
export function readTextFile(path: string, what: string): string {
  return decodeText(readFileBytes(path, what), path, what);
}

/** The bytes of a file of at most {@link MAX_BYTES}. Throws InputError if it is none, or cannot be read. */
export function readFileBytes(path: string, what: string): Buffer {
  const wrong = (message: string, hint?: string): InputError =>
    new InputError([{ place: { file: path, line: 1, column: 1 }, message, hint }]);
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw wrong(`this is no file; expected ${what}`);
    if (stat.size > MAX_BYTES) {
      throw wrong(
        `the file has ${stat.size} bytes; expected ${what} of at most ${MAX_BYTES}`,
        'Is this the right file?',
      );
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw wrong(`there is no such file; expected ${what}`);
    if (code === 'EACCES') throw wrong(`the file may not be read; expected ${what}`);
    throw error;
  }
}

/** Bytes as UTF-8 text, without a byte order mark. Throws InputError where they are not. */
export function decodeText(bytes: Buffer, path: string, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError([
      {
        place: { file: path, line: 1, column: 1 },
        message: `the file is not UTF-8 text; expected ${what}`,
        hint: 'Save it as UTF-8 and try again.',
      },
    ]);
  }
}
