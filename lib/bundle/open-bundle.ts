import { createHash } from 'node:crypto';
import { lstatSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { decodeText } from '../input/file.ts';
import { InputError } from '../input/problem.ts';
import { UNFINISHED } from './folder.ts';
import { FAULTS, openRegular } from './hash-file.ts';
import { LIMITS } from './limits.ts';
import type { LoadPlan } from './load-plan.ts';
import { parseLoadPlan } from './parse-load-plan.ts';

/** A bundle whose list of contents has been read, and nothing else. */
export interface OpenBundle {
  /** The path of load.plan, for messages. */
  readonly file: string;
  /** The bytes of load.plan, as they were read once. */
  readonly bytes: Buffer;
  /** `sha256:…` of these bytes. */
  readonly digest: string;
  readonly plan: LoadPlan;
  /** The absolute path of the folder of each part, from the first. */
  readonly folders: readonly string[];
}

/**
 * Reads the list of contents of a bundle.
 *
 * @param path the folder of the bundle, the folder with its parts side by side, or the first part
 * @param expected the digest that load.plan must have
 * @throws InputError if there is none, it is damaged, or it has another digest
 */
export async function openBundle(path: string, expected?: string): Promise<OpenBundle> {
  const given = resolve(path);
  if (!statSync(given, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError([{ message: `${path} is not a folder; expected the folder of a bundle` }]);
  }
  // Paths are lines in the files that the script reads.
  if (given.includes('\n')) throw new InputError([{ message: 'the path of the bundle has a line break' }]);
  const isThere = (name: string): boolean => lstatSync(name, { throwIfNoEntry: false }) !== undefined;
  if (isThere(join(given, UNFINISHED))) {
    throw new InputError([
      {
        message: `${path} is a bundle that is not complete: there is a file ${UNFINISHED} in it`,
        hint: 'Run the command that makes it again, until it says that it is done.',
      },
    ]);
  }
  const first = [given, join(given, 'part-001')].find((folder) => isThere(join(folder, 'load.plan')));
  if (first === undefined) {
    throw new InputError([
      { message: `${path} holds no bundle: there is no load.plan in it, nor in a part-001 in it` },
    ]);
  }
  const file = join(first, 'load.plan');
  const bytes = await readBounded(file);
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (expected !== undefined && digest !== expected) {
    throw new InputError([
      {
        message: `${file} has the digest ${digest}; expected ${expected}`,
        hint: 'This is not the bundle that the digest is of, or it was changed. Do not load it.',
      },
    ]);
  }
  const plan = parseLoadPlan(decodeText(bytes, file, 'the load.plan of a bundle'), file);
  const parent = basename(first) === 'part-001' ? dirname(first) : first;
  const folders = Array.from({ length: plan.parts }, (_, index) =>
    plan.parts === 1 ? first : join(parent, `part-${String(index + 1).padStart(3, '0')}`),
  );
  return { file, bytes, digest, plan, folders };
}

async function readBounded(path: string): Promise<Buffer> {
  const wrong = (why: string): InputError => new InputError([{ message: `${path} ${why}` }]);
  const opened = await openRegular(path);
  if (typeof opened === 'string') throw wrong(FAULTS[opened]);
  try {
    if (opened.size > LIMITS.planBytes) {
      throw wrong(`has ${opened.size} bytes; expected at most ${LIMITS.planBytes}`);
    }
    const buffer = Buffer.alloc(opened.size);
    const { bytesRead } = await opened.file.read(buffer, 0, opened.size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await opened.file.close();
  }
}

/**
 * A digest as people write it down: with or without `sha256:`, blanks between groups, capital letters.
 *
 * @returns `sha256:…`, or undefined for a text that is none
 */
export function parseDigest(text: string): string | undefined {
  const hex = text
    .replace(/[\s:-]/g, '')
    .toLowerCase()
    .replace(/^sha256(?=[0-9a-f]{64}$)/, '');
  return /^[0-9a-f]{64}$/.test(hex) ? `sha256:${hex}` : undefined;
}
