import { spawnSync } from 'node:child_process';
import { decodeText, MAX_BYTES } from './file.ts';
import { InputError } from './problem.ts';

/** A file of a commit, `git:REV:path`, as git itself names it behind the prefix. */
export function isGitPath(path: string): boolean {
  return /^git:[^:]+:./.test(path);
}

/**
 * The text of `git:REV:path`. As in git, the path counts from the top of the repository; `./path` counts from here.
 *
 * @throws InputError where git is not there or has no such file
 */
export function readGitFile(path: string, what: string): string {
  const wrong = (message: string, hint?: string): InputError =>
    new InputError([{ place: { file: path, line: 1, column: 1 }, message, hint }]);
  const name = path.slice('git:'.length);
  // --end-of-options: a revision that begins with a dash is a revision.
  const git = spawnSync('git', ['show', '--no-textconv', '--end-of-options', name], { maxBuffer: MAX_BYTES });
  if (git.error && 'code' in git.error) {
    if (git.error.code === 'ENOENT') throw wrong('there is no git to read it with', 'Install git.');
    if (git.error.code === 'ENOBUFS') throw wrong(`it is larger than ${MAX_BYTES} bytes; expected ${what}`);
    throw git.error;
  }
  if (git.status !== 0) {
    const reason = git.stderr
      .toString()
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^fatal: /, '');
    throw wrong(
      `git has no such file: ${reason}`,
      'Expected git:REV:path, such as git:HEAD~1:images_digests.yml.',
    );
  }
  return decodeText(git.stdout, path, what);
}
