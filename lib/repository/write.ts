import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { shellWord } from '../common/text.ts';
import { parseRelease } from '../digests/read.ts';
import type { ProductName } from '../digests/release.ts';
import { readTextFile } from '../input/file.ts';
import { InputError, type Problem, startOf } from '../input/problem.ts';
import { composeStarter, releaseOf } from '../starter.ts';
import { githubWorkflow, gitlabPipeline } from './pipelines.ts';
import {
  CDK8S_YAML,
  ENV_EXAMPLE,
  GITIGNORE,
  MAIN_TS,
  packageJson,
  SAMPLE_DIGESTS,
  SCHEMA_LINE,
} from './templates.ts';

export interface RepositoryOptions {
  /** The registry: host[:port], and the folder behind a slash. */
  readonly server: string;
  /** The release's digests file, which is copied; without it a sample is written. */
  readonly digests?: string;
  /** The product line. Default: that of the digests file, or the classic one. */
  readonly product?: ProductName;
  /** What package.json names as ess-airgap: a version, or the path of a tarball. Default: this version. */
  readonly package?: string;
}

/**
 * Makes an infra repository in a folder, which may be there: no file that exists is changed.
 *
 * @returns what was written and what is left to do, for the person who ran it
 * @throws InputError if a file is there already, or the digests file or the server is not what it should be; then nothing
 *   is written
 */
export function writeRepository(folder: string, options: RepositoryOptions): string {
  if (options.product === 'ess-helm' && options.digests === undefined) {
    throw new InputError([
      {
        message: 'a repository for ESS Helm needs the digests file of the chart',
        hint: 'Create it with the command lock, then run init again in its folder.',
      },
    ]);
  }
  const digests =
    options.digests === undefined
      ? SAMPLE_DIGESTS
      : readTextFile(options.digests, 'the images_digests.yml of an ESS release');
  const path = options.digests ?? 'images_digests.yml';
  const release = releaseOf(parseRelease(digests, path), path, options.product);
  const starter = composeStarter(options.server, 'images_digests.yml', release, join(folder, 'airgap.yaml'));
  const files: Record<string, string> = {
    'package.json': packageJson(basename(resolve(folder)), toolOf(folder, options.package)),
    'cdk8s.yaml': CDK8S_YAML,
    'main.ts': MAIN_TS,
    'airgap.yaml': SCHEMA_LINE + starter.text,
    'images_digests.yml': digests,
    '.gitignore': GITIGNORE,
    '.env.example': ENV_EXAMPLE,
    '.gitlab-ci.yml': gitlabPipeline(),
    '.github/workflows/ess-airgap.yml': githubWorkflow(),
  };
  writeAll(folder, files);
  const sample = options.digests === undefined;
  return `${[
    `Written in ${folder}:`,
    ...Object.keys(files).map((name) => `  ${name}`),
    '',
    `airgap.yaml: ${starter.summary}`,
    '',
    ...(sample ? ['images_digests.yml is a sample: replace it with the file of your release.', ''] : []),
    'Next:',
    `  cd ${shellWord(folder)}`,
    '  git init && npm install',
    '  npx ess-airgap lint     # after you have reviewed airgap.yaml',
    '  npm run synth',
    '',
    ...starter.secrets,
  ].join('\n')}\n`;
}

/** A tarball is named relative to the repository, as npm does. */
function toolOf(folder: string, wanted: string | undefined): string | undefined {
  if (wanted === undefined || !/\.(tgz|tar\.gz)$/.test(wanted)) return wanted;
  if (!existsSync(wanted))
    throw new InputError([
      { place: startOf(wanted), message: 'the file does not exist; expected the package of ess-airgap' },
    ]);
  return `file:${relative(resolve(folder), resolve(wanted))}`;
}

function writeAll(folder: string, files: Readonly<Record<string, string>>): void {
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new InputError([
      { place: startOf(folder), message: 'this is a file; expected a folder or a path that does not exist' },
    ]);
  const problems = Object.keys(files)
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .map(
      (path): Problem => ({
        place: startOf(path),
        message: 'this file exists already; init does not overwrite files',
      }),
    );
  if (problems.length > 0) throw new InputError(problems);
  const written: string[] = [];
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { flag: 'wx' });
      written.push(path);
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    throw error;
  }
}
