import { randomBytes } from 'node:crypto';
import { existsSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';

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
