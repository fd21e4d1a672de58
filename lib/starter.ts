import { writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { parseConfig } from './config/load.ts';
import { parseServer, renderStarter } from './config/starter-yaml.ts';
import { PRIVATE_REPOSITORIES } from './credentials/missing-logins.ts';
import { credentialsOf, secretNameOf } from './credentials/sources.ts';
import { readRelease } from './digests/read.ts';
import type { Release } from './digests/release.ts';
import { repositoryName } from './image/reference.ts';
import { InputError, startOf } from './input/problem.ts';
import { quote } from './input/quote.ts';
import { makePlan } from './plan/plan.ts';

/** A first airgap.yaml. */
export interface ComposedStarter {
  readonly text: string;
  /** What it makes of the release, in one sentence. */
  readonly summary: string;
  /** Which Secrets it names and how they are made, for the person who asked for it. */
  readonly secrets: readonly string[];
}

/**
 * Writes a first airgap.yaml for a digests file and a registry.
 *
 * @param server host[:port], and the folder behind a slash
 * @returns what was written and what is left to do, for the person who ran it
 * @throws InputError where the file exists, or the digests file or the server is not what it should be
 */
export function writeStarter(configPath: string, server: string, digestsPath: string): string {
  const digests = relative(dirname(configPath), digestsPath);
  const starter = composeStarter(server, digests, readRelease(digestsPath), configPath);
  writeNew(configPath, starter.text);
  return `${[
    `${configPath} written: ${starter.summary}`,
    '',
    ...starter.secrets,
    '',
    'Next: read the file, then ess-airgap plan.',
  ].join('\n')}\n`;
}

/**
 * Composes a first airgap.yaml.
 *
 * @param digests what it names as the digests file
 * @param configPath where it is to be, for messages
 * @throws InputError if the server is not legal
 */
export function composeStarter(
  server: string,
  digests: string,
  { info, images, artifacts, layers }: Release,
  configPath: string,
): ComposedStarter {
  const parsed = parseServer(server);
  if (typeof parsed === 'string') {
    throw new InputError([{ message: `the server ${quote(server)} is not legal: ${parsed}` }]);
  }
  const credentials = PRIVATE_REPOSITORIES.filter((prefix) =>
    images.some(({ image }) => repositoryName(image).startsWith(prefix)),
  ).map((prefix) => prefix.replace(/\/$/, ''));
  const text = renderStarter({ ...parsed, digests, credentials });
  const { config } = parseConfig(text, configPath);
  const plan = makePlan(images, config, undefined, { info, artifacts, layers });

  const { namespace, pullSecret, registry } = config;
  const secrets = credentialsOf(config).map((credential) => {
    const { server, usedBy } = credential;
    const job = `for ${server}, which the Job ${server === registry.server ? 'pushes to' : 'reads from'}`;
    const says = usedBy === 'nodes' ? `to pull from ${server}` : job;
    return `  ${credential.namespace}/${secretNameOf(credential)}  ${says}`;
  });
  return {
    text,
    summary: `${plan.overrides.length} containers, ${plan.relocations.length} distinct images, all to ${[registry.server, registry.path].filter(Boolean).join('/')}.`,
    secrets: [
      'It names these Secrets of type kubernetes.io/dockerconfigjson, which you make, or no longer names what is open:',
      ...secrets,
      '',
      'A Secret, with the password neither on a command line nor in git:',
      `  skopeo login --authfile login.json ${registry.server}`,
      `  kubectl -n ${namespace} create secret generic ${pullSecret?.name} --type kubernetes.io/dockerconfigjson --from-file .dockerconfigjson=login.json`,
      '  rm login.json',
    ],
  };
}

/** Writes a file that is not there yet. */
function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new InputError([
      {
        place: startOf(path),
        message: 'this file is there already, and init overwrites nothing',
        hint: 'Edit it, or name another with --config.',
      },
    ]);
  }
}
