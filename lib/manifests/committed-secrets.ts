import { join, relative } from 'node:path';
import type { App } from 'cdk8s';
import { shellWord } from '../common/shell.ts';
import { isIgnoredByGit } from '../input/git-ignore.ts';
import { finding, refuseErrors } from '../plan/finding.ts';
import { SECRETS_CHART } from './charts.ts';

/**
 * Refuses to synthesise plain Secrets into files that git would commit. Outside of a git work tree nothing can be
 * said.
 *
 * @throws InputError that names the files, before anything is written
 */
export function refuseCommittedSecrets(app: App): void {
  const files = app.charts
    .filter(({ node }) => node.id.endsWith(SECRETS_CHART))
    .map(({ node }) => relative('', join(app.outdir, `${node.id}${app.outputFileExtension}`)));
  refuseErrors(
    files
      .filter((file) => isIgnoredByGit(file) === false)
      .map((file) =>
        finding('secrets-not-ignored', {
          message: `${file} is to hold plain Secrets, and git would commit it`,
          hint: `Add the line *${SECRETS_CHART}${app.outputFileExtension} to .gitignore. If git has the file already, replace its credentials and run:`,
          command: `git rm --cached ${shellWord(file)}`,
        }),
      ),
  );
}
