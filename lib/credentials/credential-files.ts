import { relative, resolve } from 'node:path';
import { shellWord } from '../common/text.ts';
import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { statOf } from '../input/file.ts';
import { isIgnoredByGit } from '../input/git-ignore.ts';
import type { Problem } from '../input/problem.ts';
import type { CredentialDoubt, CredentialFault } from './credential-source.ts';
import { credentialsOf, sourceOf } from './sources.ts';

/** Something about a file that holds credentials. */
export interface CredentialFileProblem extends Problem {
  readonly code: Extract<CredentialFault, 'credential-file-in-git'> | CredentialDoubt;
}

/**
 * Checks the files that a configuration's credentials are read from, as far as they are on this machine: git must
 * ignore them, and nobody else should be able to read them. What is in them is not looked at.
 */
export function checkCredentialFiles(config: Config, place?: ConfigPlace): CredentialFileProblem[] {
  const files = new Map<string, readonly PropertyKey[]>();
  for (const credential of credentialsOf(config)) {
    const source = sourceOf(credential);
    if (source.secret !== 'plain') continue;
    for (const file of source.files(credential)) files.set(file, files.get(file) ?? credential.path);
  }
  return [...files].flatMap(([file, path]) => {
    const at = place?.(...path, 'path');
    return checkFile(file, resolve(config.folder, file)).map((problem) => ({ place: at, ...problem }));
  });
}

function checkFile(file: string, absolute: string): CredentialFileProblem[] {
  const stat = statOf(absolute);
  if (!stat?.isFile()) return [];
  const problems: CredentialFileProblem[] = [];
  if (isIgnoredByGit(absolute) === false) {
    problems.push({
      code: 'credential-file-in-git',
      message: `${file} has credentials, but git does not ignore it`,
      hint: 'Move it out of the repository or add it to .gitignore. If git has it already, replace its credentials and run:',
      command: `git rm --cached ${shellWord(relative('', absolute))}`,
    });
  }
  const others = stat.mode & 0o077;
  // Windows has no such modes.
  if (others !== 0 && process.platform !== 'win32') {
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    problems.push({
      code: 'credential-file-readable',
      message: `other users of this machine can access ${file}, which has credentials (mode ${mode})`,
      hint: 'Allow only its owner to read it:',
      command: `chmod 600 ${shellWord(relative('', absolute))}`,
    });
  }
  return problems;
}
