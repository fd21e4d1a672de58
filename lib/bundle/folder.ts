import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../input/problem.ts';
import { formatSize } from './parts.ts';

/** The folder of an OCI image layout that holds its blobs. */
export const BLOBS = 'blobs/sha256';
/** Exists until the bundle is complete; nothing loads a folder that has it. */
export const UNFINISHED = 'UNFINISHED';

/** The folder of a part, by its number. */
export function partFolder(output: string, part: number): string {
  return join(output, `part-${String(part).padStart(3, '0')}`);
}

/**
 * Makes the folder of a bundle, or takes over one that an interrupted run left, with every file that it downloaded.
 *
 * @throws InputError if the path holds something else
 */
export function prepareFolder(output: string): void {
  const wrong = (message: string, hint?: string): InputError =>
    new InputError([{ message: `${output} ${message}`, hint }]);
  let names: string[] = [];
  if (existsSync(output)) {
    if (!statSync(output).isDirectory()) throw wrong('is not a folder');
    names = readdirSync(output);
    if (names.length > 0 && !names.includes(UNFINISHED)) {
      throw wrong(
        'is not empty; expected a new folder, or one that an interrupted bundle left',
        names.includes('load.plan') || names.includes('part-001')
          ? 'It has a complete bundle. Name another folder, or remove this one first.'
          : 'Name another folder.',
      );
    }
  }
  // First, so that a run that is interrupted here can be continued.
  mkdirSync(output, { recursive: true });
  writeDurably(
    join(output, UNFINISHED),
    'This bundle is not complete. Run the same command again to continue.\n',
  );
  mkdirSync(join(output, BLOBS), { recursive: true });
  for (const name of names) if (/^part-\d{3}$/.test(name)) takeBack(output, join(output, name));
}

/** Moves what was distributed over parts back to where downloads are; everything is hashed again later. */
function takeBack(output: string, part: string): void {
  const blobs = join(part, BLOBS);
  for (const name of existsSync(blobs) ? readdirSync(blobs) : []) {
    const target = join(output, BLOBS, name);
    if (!existsSync(target)) renameSync(join(blobs, name), target);
  }
  rmSync(part, { recursive: true });
}

/**
 * Checks that so many bytes still fit, before time is spent on downloading them.
 *
 * @throws InputError if they do not
 */
export function requireSpace(output: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(output);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new InputError([
    {
      message: `${output} needs another ${formatSize(bytes)}, and its file system has ${formatSize(free)} free`,
      hint: 'Free some space, or name a folder on another file system. The same command continues an interrupted bundle.',
    },
  ]);
}

const DISK_FAULTS: Readonly<Record<string, string>> = {
  ENOSPC: 'the file system is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file system does not support a file this large; use --split-size',
  EROFS: 'the file system is read-only',
  EIO: 'the medium reports an error',
  EACCES: 'permission is denied',
};

/** Runs what writes into the folder; the system's refusals become errors in words. */
export async function inWords<T>(output: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code = '', path } = error as NodeJS.ErrnoException;
    const words = DISK_FAULTS[code];
    if (!words) throw error;
    throw new InputError([
      {
        message: `${path ?? output} could not be written: ${words} (${code})`,
        hint: 'The bundle is not complete. Once this is fixed, the same command continues where it stopped.',
      },
    ]);
  }
}

/** Writes a file to the medium itself: a full disk, or one over a network, may report a failure only then. */
export function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'w');
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
