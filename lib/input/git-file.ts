import { spawnSync } from 'node:child_process';
import { decodeText, MAX_BYTES } from './file.ts';
import { InputError, startOf } from './problem.ts';

/** The syntax of a file in a commit: `git:REV:path`. */
export function isGitPath(path: string): boolean {
  return /^git:[^:]+:./.test(path);
}

/**
 * Returns the text of `git:REV:path`. As in git, the path is relative to the top of the repository, and `./path` to
 * the working directory.
 *
 * @throws InputError if git is not installed or has no such file
 */
export function readGitFile(path: string, what: string): string {
  const wrong = (message: string, hint?: string): InputError =>
    new InputError([{ place: startOf(path), message, hint }]);
  const name = path.slice('git:'.length);
  if (name.includes('\0') || name.length > MAX_NAME) {
    throw wrong(
      `git has no such file: the name contains a NUL character or more than ${MAX_NAME} characters`,
      FORM,
    );
  }
  // cat-file instead of show, which lists folders. --end-of-options: a revision may begin with a dash.
  const git = spawnSync('git', ['cat-file', '--end-of-options', 'blob', name], {
    maxBuffer: MAX_BYTES,
    timeout: 10_000,
    // Objects that a partial clone does not have are not fetched: this tool makes no network requests that the user
    // did not ask for.
    env: { ...process.env, LC_ALL: 'C', GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0' },
  });
  if (git.error && 'code' in git.error) {
    if (git.error.code === 'ENOENT')
      throw wrong('git is not installed, so the file cannot be read', 'Install git.');
    if (git.error.code === 'ENOBUFS') throw wrong(`it is larger than ${MAX_BYTES} bytes; expected ${what}`);
    throw wrong(`git did not answer (${git.error.code}); expected ${what}`);
  }
  if (git.status !== 0) {
    const reason = git.stderr
      .toString()
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^(fatal|error): /, '')
      .replace(/^git cat-file .*: bad file$/, 'it is a folder');
    throw wrong(`git has no such file: ${reason}`, FORM);
  }
  return decodeText(git.stdout, path, what);
}

/** Longer than any path that git can check out. */
const MAX_NAME = 4096;

const FORM = 'Expected git:REV:path, such as git:HEAD~1:images_digests.yml.';
