import { writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { count } from './common/text.ts';
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
  /** One sentence about the resulting plan. */
  readonly summary: string;
  /** The Secrets that it refers to, and how to create them, as lines of text. */
  readonly secrets: readonly string[];
}

/**
 * Writes a first airgap.yaml for a digests file and a registry.
 *
 * @param server host[:port], followed by an optional /path
 * @returns what was written and what to do next, as text for the user
 * @throws InputError if the file exists, or if the digests file or the server is not valid
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
    'Next: review the file, then run ess-airgap plan.',
  ].join('\n')}\n`;
}

/**
 * Composes a first airgap.yaml.
 *
 * @param digests path of the digests file, as airgap.yaml names it
 * @param configPath path of the new file, for messages
 * @throws InputError if the server is not valid
 */
export function composeStarter(
  server: string,
  digests: string,
  { info, images, artifacts, layers }: Release,
  configPath: string,
): ComposedStarter {
  const parsed = parseServer(server);
  if (typeof parsed === 'string') {
    throw new InputError([{ message: `the server ${quote(server)} is not valid: ${parsed}` }]);
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
    summary: `${count(plan.overrides.length, 'container')}, ${count(plan.relocations.length, 'distinct image')}, all to ${[registry.server, registry.path].filter(Boolean).join('/')}.`,
    secrets: [
      'It refers to these Secrets of type kubernetes.io/dockerconfigjson. Create them, or remove those that you do not need:',
      ...secrets,
      '',
      'To create a Secret without a password on the command line or in git:',
      `  skopeo login --authfile login.json ${registry.server}`,
      `  kubectl -n ${namespace} create secret generic ${pullSecret?.name} --type kubernetes.io/dockerconfigjson --from-file .dockerconfigjson=login.json`,
      '  rm login.json',
    ],
  };
}

/** Writes a file that must not exist yet. */
function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new InputError([
      {
        place: startOf(path),
        message: 'this file exists already; init does not overwrite files',
        hint: 'Edit it, or name another file with --config.',
      },
    ]);
  }
}
