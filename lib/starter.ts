import { existsSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { count, shellWord } from './common/text.ts';
import { parseConfig } from './config/load.ts';
import { parseServer, renderStarter } from './config/starter-yaml.ts';
import { PRIVATE_REPOSITORIES } from './credentials/missing-logins.ts';
import { credentialsOf, secretNameOf } from './credentials/sources.ts';
import { readRelease } from './digests/read.ts';
import type { ProductName, Release } from './digests/release.ts';
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
 * @param product the product line that the user names. Default: that of the digests file. For ESS Helm, the digests file
 *   need not exist yet
 * @returns what was written and what to do next, as text for the user
 * @throws InputError if the file exists, if the digests file or the server is not valid, or if it is of another product line
 */
export function writeStarter(
  configPath: string,
  server: string,
  digestsPath: string,
  product?: ProductName,
): string {
  const digests = relative(dirname(configPath), digestsPath);
  const release =
    product === 'ess-helm' && !existsSync(digestsPath)
      ? unlockedRelease
      : releaseOf(readRelease(digestsPath), digestsPath, product);
  const starter = composeStarter(server, digests, release, configPath);
  writeNew(configPath, starter.text);
  const config = configPath === 'airgap.yaml' ? '' : ` --config ${shellWord(configPath)}`;
  return `${[
    `${configPath} written: ${starter.summary}`,
    '',
    ...starter.secrets,
    '',
    ...(release === unlockedRelease
      ? [
          'Next: review the file, and lock the version of the chart that you install:',
          `  ess-airgap lock${config} oci://ghcr.io/element-hq/ess-helm/matrix-stack:VERSION --output ${shellWord(digestsPath)}`,
          'Then run ess-airgap plan.',
        ]
      : ['Next: review the file, then run ess-airgap plan.']),
  ].join('\n')}\n`;
}

/** A chart that was not locked yet: nothing is known of its images. */
const unlockedRelease: Release = {
  info: { product: 'ess-helm', chart: 'matrix-stack', version: '' },
  images: [],
  artifacts: new Map(),
};

/** @throws InputError if the release is not of the product line that the user names */
export function releaseOf(release: Release, path: string, product: ProductName | undefined): Release {
  if (product === undefined || release.info.product === product) return release;
  throw new InputError([
    {
      place: startOf(path),
      message: `this digests file is of the product line ${release.info.product}, and --product is ${product}`,
      hint: 'Leave --product out, or name another file with --digests.',
    },
  ]);
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
  const text = renderStarter({ ...parsed, digests, credentials, essHelm: info.product === 'ess-helm' });
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
    summary:
      images.length === 0
        ? `the images are not known yet, all go to ${[registry.server, registry.path].filter(Boolean).join('/')}.`
        : `${count(plan.overrides.length, 'container')}, ${count(plan.relocations.length, 'distinct image')}, all to ${[registry.server, registry.path].filter(Boolean).join('/')}.`,
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
