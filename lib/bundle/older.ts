import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile } from '../input/file.ts';
import { InputError } from '../input/problem.ts';
import { type Brought, readBrought } from './load-plan.ts';

/**
 * What an older bundle brought.
 *
 * @param path its folder, or the `load.plan` out of it
 * @throws InputError where there is none, or it is damaged
 */
export function readOlder(path: string): Brought[] {
  const what = 'the folder of an older bundle, or the load.plan out of it';
  if (!existsSync(path) || !statSync(path).isDirectory()) return readBrought(readTextFile(path, what), path);
  const file = ['load.plan', 'part-001/load.plan']
    .map((name) => join(path, name))
    .find((it) => existsSync(it));
  if (file) return readBrought(readTextFile(file, what), file);
  throw new InputError([{ message: `${path} holds no load.plan; expected ${what}` }]);
}
