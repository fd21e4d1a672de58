import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { InputError, type Problem, startOf } from './problem.ts';

/**
 * The largest file that is read. A digests file of a full release is about 16 KiB, one of 5,000 containers
 * about 2 MiB; whatever is far beyond is not the file that was meant.
 */
export const MAX_BYTES = 8 * 1024 * 1024;

/**
 * The text of a UTF-8 file, without a byte order mark.
 *
 * @param what the end of "expected …"
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
  if (path.includes('\0')) throw wrong(`the path has a NUL character; expected ${what}`);
  try {
    return readBytes(path, what, most, wrong);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const reason = Object.hasOwn(REASONS, code) ? REASONS[code] : `the file cannot be read (${code})`;
    const message = `${reason}; expected ${what}`;
    throw new InputError([{ place: startOf(path), message, ...(code === 'ENOENT' && missing) }]);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'the file may not be read',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'the path is a loop of symbolic links',
  ENAMETOOLONG: 'the name is too long for a file',
  ENXIO: 'this is not a regular file',
};

/** Not by name twice, and not waiting for the writer of a FIFO: what was checked is what is read. */
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
      wrong(`the file has ${size} bytes; expected ${what} of at most ${most}`, 'Is this the right file?');
    if (stat.size > most) throw tooLarge(String(stat.size));
    // A file of /proc says that it has no bytes.
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

/** What the system knows of a path; undefined if it names nothing, whatever the reason: reading it gives that. */
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
        hint: 'Save it as UTF-8 and try again.',
      },
    ]);
  }
}
