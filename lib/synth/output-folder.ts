import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../input/problem.ts';

/** A file of the output folder. */
export interface OutputFile {
  readonly name: string;
  readonly text: string;
  /** Its owner alone may read it. */
  readonly secret: boolean;
}

/** What became of the output folder. */
export interface Replaced {
  /** Names of the files that are new or have another content. */
  readonly written: readonly string[];
  /** Names of the files of an earlier synth that this one does not make. */
  readonly removed: readonly string[];
}

/** Begins every file that a synth writes: by it a later synth knows the files that it may remove. */
export const FILE_HEADER = '# Written by ess-airgap ';

/**
 * Makes a folder hold these files, all or none of them: they are written beside the folder first, to the disk, and then
 * renamed into it, the last of `files` last. However the process ends before that, the folder is as it was, and each
 * file is always whole. Files of an earlier synth that are not among these are removed; others stay.
 *
 * @throws InputError if the folder is none, or holds a folder of the name of a file
 */
export function replaceFiles(folder: string, files: readonly OutputFile[]): Replaced {
  const isThere = existsSync(folder);
  if (isThere && !statSync(folder).isDirectory()) throw notAFolder(folder);
  const place = isThere ? realpathSync(folder) : folder;
  const changed = files.filter((file) => isChanged(place, file));
  const removed = isThere ? leftovers(place, files) : [];
  const result = { written: changed.map(({ name }) => name), removed };
  if (changed.length + removed.length === 0) return result;

  mkdirSync(dirname(place), { recursive: true });
  const staging = makeStaging(place, isThere);
  try {
    for (const file of changed) writeFile(join(staging, file.name), file);
    withoutInterruption(() => commit(place, staging, result));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return result;
}

/** What {@link replaceFiles} would do. */
export function compareFiles(folder: string, files: readonly OutputFile[]): Replaced {
  const isThere = existsSync(folder);
  if (isThere && !statSync(folder).isDirectory()) throw notAFolder(folder);
  return {
    written: files.filter((file) => isChanged(folder, file)).map(({ name }) => name),
    removed: isThere ? leftovers(folder, files) : [],
  };
}

function notAFolder(folder: string): InputError {
  return new InputError([
    {
      message: `${folder} is not a folder; expected a folder for the manifests, or a path that does not exist`,
    },
  ]);
}

function isChanged(folder: string, { name, text, secret }: OutputFile): boolean {
  const path = join(folder, name);
  if (!existsSync(path)) return true;
  const stat = statSync(path);
  if (!stat.isFile())
    throw new InputError([
      { message: `${path} is not a regular file; expected a manifest, or a path that does not exist` },
    ]);
  if (secret && (stat.mode & 0o077) !== 0) return true;
  return readFileSync(path, 'utf8') !== text;
}

/** The files of a folder that an earlier synth wrote and that are not among these. */
function leftovers(folder: string, files: readonly OutputFile[]): string[] {
  const names = new Set(files.map(({ name }) => name));
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ya?ml|values)$/.test(entry.name) && !names.has(entry.name))
    .map(({ name }) => name)
    .filter((name) => isOfASynth(join(folder, name)));
}

/** The versions before 0.2.0 wrote no comment; their first object has this label. */
const OLDER = /^ {4}app\.kubernetes\.io\/managed-by: ess-airgap$/m;

function isOfASynth(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(2048);
    const text = bytes.toString('utf8', 0, readSync(file, bytes));
    return text.startsWith(FILE_HEADER) || OLDER.test(text);
  } finally {
    closeSync(file);
  }
}

/**
 * Beside the folder, so that nobody takes half of it for manifests; inside of it where the folder is a mount of its own
 * or nothing can be written beside it.
 */
function makeStaging(folder: string, isThere: boolean): string {
  const beside = join(dirname(folder), `.${basename(folder)}-`);
  if (!isThere || statSync(folder).dev === statSync(dirname(folder)).dev) {
    try {
      return makeFolder(beside);
    } catch (error) {
      if (!isThere || (error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    }
  }
  return makeFolder(join(folder, '.ess-airgap-'));
}

/** Makes a private folder whose name begins so, and removes those of processes that were killed. */
function makeFolder(prefix: string): string {
  for (const name of readdirSync(dirname(prefix))) {
    if (!name.startsWith(basename(prefix))) continue;
    const [, pid] = /^(\d+)-\w{6}$/.exec(name.slice(basename(prefix).length)) ?? [];
    if (pid !== undefined && !isRunning(Number(pid)))
      rmSync(join(dirname(prefix), name), { recursive: true, force: true });
  }
  return mkdtempSync(`${prefix}${process.pid}-`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function writeFile(path: string, { text, secret }: OutputFile): void {
  const file = openSync(path, 'wx', secret ? 0o600 : 0o666);
  try {
    for (let bytes = Buffer.from(text, 'utf8'); bytes.length > 0; )
      bytes = bytes.subarray(writeSync(file, bytes));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function commit(folder: string, staging: string, { written, removed }: Replaced): void {
  mkdirSync(folder, { recursive: true });
  const old = join(staging, 'old');
  mkdirSync(old);
  const before = [...written, ...removed].filter((name) => existsSync(join(folder, name)));
  for (const name of before) linkSync(join(folder, name), join(old, name));
  try {
    for (const name of written) renameSync(join(staging, name), join(folder, name));
    for (const name of removed) rmSync(join(folder, name));
    syncFolder(folder);
  } catch (error) {
    for (const name of written) if (!before.includes(name)) rmSync(join(folder, name), { force: true });
    for (const name of before) renameSync(join(old, name), join(folder, name));
    throw error;
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Runs what no signal but SIGKILL is to end halfway. */
function withoutInterruption(run: () => void): void {
  const ignore = (): void => {};
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
  for (const signal of signals) process.on(signal, ignore);
  try {
    run();
  } finally {
    for (const signal of signals) process.off(signal, ignore);
  }
}
