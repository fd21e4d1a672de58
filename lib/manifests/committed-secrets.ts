import { join, relative } from 'node:path';
import type { App } from 'cdk8s';
import { isIgnoredByGit } from '../input/git-ignore.ts';
import { type Finding, finding } from '../plan/finding.ts';

/** The end of the id of each chart with plain Secrets, and so of its file's name; .gitignore has it. */
export const SECRETS_CHART = 'ess-secrets';

/**
 * Finds the files with plain Secrets that git would commit. Outside of a git work tree nothing can be said.
 *
 * @returns an error for each file
 * @throws InputError in a work tree whose git cannot be asked
 */
export function findCommittedSecrets(app: App): Finding[] {
  const files = app.charts
    .filter(({ node }) => node.id.endsWith(SECRETS_CHART))
    .map(({ node }) => relative('', join(app.outdir, `${node.id}${app.outputFileExtension}`)));
  return files
    .filter((file) => isIgnoredByGit(file) === false)
    .map((file) =>
      finding('secrets-not-ignored', {
        message: `${file} is to hold plain Secrets, and git would commit it`,
        hint: `Add the line *${SECRETS_CHART}${app.outputFileExtension} to .gitignore; if git has the file already, git rm --cached ${file}.`,
      }),
    );
}
