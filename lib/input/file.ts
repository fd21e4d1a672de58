import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { InputError, type Problem, startOf } from './problem.ts';

/**
 * The largest file that is read. A digests file of a full release has about 16 KiB, one of 5,000 containers about 2
 * MiB. A much larger file is not the intended one.
 */
export const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Reads a UTF-8 file. Returns its text without a byte order mark.
 *
 * @param what the kind of file, as the end of "expected …"
 * @param missing what to do if the file does not exist
 * @param most the largest size, in bytes
 * @throws InputError if it is not a regular file of UTF-8 text of at most that size, or cannot be read
 */
export function readTextFile(path: string, what: string, missing: Help = {}, most = MAX_BYTES): string {
  return decodeText(readFileBytes(path, what, missing, most), path, what);
}

type Help = Pick<Problem, 'hint' | 'command'>;

/** The bytes of a regular file, under the same conditions: see {@link readTextFile}. */
export function readFileBytes(path: string, what: string, missing: Help = {}, most = MAX_BYTES): Buffer {
  const wrong = (message: string, hint?: string): InputError =>
    new InputError([{ place: startOf(path), message, hint }]);
  // Node has an error of its own for this one, which is not the system's.
  if (path.includes('\0')) throw wrong(`the path contains a NUL character; expected ${what}`);
  try {
    return readBytes(path, what, most, wrong);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : `the file could not be read (${code})`;
    const message = `${reason}; expected ${what}`;
    throw new InputError([{ place: startOf(path), message, ...(code === 'ENOENT' && missing) }]);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'the file does not exist',
  EACCES: 'permission to read the file is denied',
  ENOTDIR: 'a component of the path is not a directory',
  ELOOP: 'the path has a loop of symbolic links',
  ENAMETOOLONG: 'the file name is too long',
  ENXIO: 'this is not a regular file',
};

/**
 * Opens the file once, so that the checked file is the one that is read, and without waiting for the writer of a
 * FIFO.
 */
function readBytes(
  path: string,
  what: string,
  most: number,
  wrong: (message: string, hint?: string) => InputError,
): Buffer {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) throw wrong(`this is a directory; expected ${what}`);
    if (!stat.isFile()) throw wrong(`this is not a regular file; expected ${what}`);
    const tooLarge = (size: string): InputError =>
      wrong(
        `the file has ${size} bytes; expected ${what} of at most ${most} bytes`,
        'Is this the right file?',
      );
    if (stat.size > most) throw tooLarge(String(stat.size));
    // Files in /proc have a size of 0.
    const buffer = Buffer.alloc(stat.size > 0 ? stat.size + 1 : most + 1);
    let length = 0;
    for (let more = -1; more !== 0 && length < buffer.length; length += more) {
      more = readSync(file, buffer, length, buffer.length - length, null);
    }
    if (length > most) throw tooLarge(`more than ${most}`);
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

/** Returns the status of a path, or undefined if it cannot be had. Reading the path reports the reason. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Bytes as UTF-8 text, without a byte order mark. Throws InputError if they are not. */
export function decodeText(bytes: Buffer, path: string, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError([
      {
        place: startOf(path),
        message: `the file is not UTF-8 text; expected ${what}`,
        hint: 'Save the file as UTF-8.',
      },
    ]);
  }
}
