import { spawnSync } from 'node:child_process';
import { decodeText, MAX_BYTES } from './file.ts';
import { InputError, startOf } from './problem.ts';

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
    new InputError([{ place: startOf(path), message, hint }]);
  const name = path.slice('git:'.length);
  if (name.includes('\0') || name.length > MAX_NAME) {
    throw wrong(
      `git has no such file: the name has a NUL character or more than ${MAX_NAME} characters`,
      FORM,
    );
  }
  // cat-file and not show, which lists a folder. --end-of-options: a revision that begins with a dash is a revision.
  const git = spawnSync('git', ['cat-file', '--end-of-options', 'blob', name], {
    maxBuffer: MAX_BYTES,
    timeout: 10_000,
    // An object that a partial clone does not have is not fetched: this tool asks no network unasked.
    env: { ...process.env, LC_ALL: 'C', GIT_NO_LAZY_FETCH: '1', GIT_TERMINAL_PROMPT: '0' },
  });
  if (git.error && 'code' in git.error) {
    if (git.error.code === 'ENOENT') throw wrong('there is no git to read it with', 'Install git.');
    if (git.error.code === 'ENOBUFS') throw wrong(`it is larger than ${MAX_BYTES} bytes; expected ${what}`);
    throw wrong(`git gives no answer (${git.error.code}); expected ${what}`);
  }
  if (git.status !== 0) {
    const reason = git.stderr
      .toString()
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^(fatal|error): /, '')
      .replace(/^git cat-file .*: bad file$/, 'that is a folder');
    throw wrong(`git has no such file: ${reason}`, FORM);
  }
  return decodeText(git.stdout, path, what);
}

/** Longer than any path that git can check out. */
const MAX_NAME = 4096;

const FORM = 'Expected git:REV:path, such as git:HEAD~1:images_digests.yml.';
