import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InputError } from './problem.ts';

/**
 * Returns whether git ignores a file. The file need not exist. A file that git already tracks is not ignored,
 * whatever .gitignore says.
 *
 * @returns undefined outside a git work tree
 * @throws InputError in a git work tree if git cannot be run
 */
export function isIgnoredByGit(path: string): boolean | undefined {
  const file = resolve(path);
  let folder = dirname(file);
  while (!existsSync(folder)) folder = dirname(folder);
  const { status, error, stderr } = spawnSync('git', ['check-ignore', '--quiet', '--', file], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (status === 0) return true;
  if (status === 1) return false;
  const inWorkTree = error ? hasGitFolder(folder) : !/not a git repository/i.test(stderr);
  if (!inWorkTree) return undefined;
  throw new InputError([
    {
      message: `git could not tell whether it ignores ${path}: ${error?.message ?? stderr.trim()}`,
      hint: 'Plain Secrets are written to this file. They must not be committed.',
    },
  ]);
}

function hasGitFolder(folder: string): boolean {
  if (existsSync(resolve(folder, '.git'))) return true;
  return dirname(folder) !== folder && hasGitFolder(dirname(folder));
}
