import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** A file of its own: not a link, pipe, device or folder, and no second name of another file. */
export type FileFault = 'missing' | 'not-regular' | 'linked' | 'unreadable';

/**
 * Opens a regular file to read it. Never waits (a pipe without a writer would), and follows no symbolic link in the last
 * part of the path.
 *
 * @returns the open file with its size, or why it cannot be read
 */
export async function openRegular(
  path: string,
): Promise<{ readonly file: FileHandle; readonly size: number } | FileFault> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
    // Sockets, and devices without a driver, cannot be opened at all.
    return code === 'ELOOP' || code === 'ENXIO' || code === 'ENODEV' ? 'not-regular' : 'unreadable';
  }
  try {
    const stat = await file.stat();
    if (stat.isFile() && stat.nlink === 1) return { file, size: stat.size };
    await file.close();
    return stat.isFile() ? 'linked' : 'not-regular';
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Adds the bytes of an open file to a hash, but no more than `limit` of them; returns how many there were. */
export async function hashInto(
  hash: Hash,
  file: FileHandle,
  limit: number,
  onBytes: (bytes: number) => void = () => {},
): Promise<number> {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  let total = 0;
  while (total < limit) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, limit - total), total);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    total += bytesRead;
    onBytes(bytesRead);
  }
  return total;
}

/** Whether there is a regular file with exactly these bytes. */
export async function isWhole(
  path: string,
  { hex, size }: { readonly hex: string; readonly size: number },
): Promise<boolean> {
  const opened = await openRegular(path);
  if (typeof opened === 'string') return false;
  try {
    if (opened.size !== size) return false;
    const hash = createHash('sha256');
    await hashInto(hash, opened.file, size);
    return hash.digest('hex') === hex;
  } finally {
    await opened.file.close();
  }
}

/** What is wrong with a file, as the end of a sentence that begins with its name. */
export const FAULTS: Readonly<Record<FileFault, string>> = {
  missing: 'is missing',
  'not-regular': 'is not a regular file but a link, a pipe, a device, a socket or a folder',
  linked: 'has another name in the file system (a hard link)',
  unreadable: 'cannot be read',
};
