import type { Credential } from '../../credentials/credential-source.ts';
import { bySecret, credentialsOf, secretNameOf, sourceOf } from '../../credentials/sources.ts';
import { type Finding, finding } from '../finding.ts';
import type { Check, Checked } from './checked.ts';

/** Checks the Secrets of a plan: each is created once, and nodes and Job do not share one. */
export const checkSecrets: Check = (checked) => [
  ...checkMakers(checked),
  ...checkShared(checked),
  ...checkPlain(checked),
];

/** Checks for Secrets that would be created twice: the last one would replace the others. */
function checkMakers({ config, place }: Checked): Finding[] {
  const made = credentialsOf(config).filter((credential) => sourceOf(credential).secret !== 'existing');
  return bySecret(made).flatMap((group) => {
    const [first] = group;
    if (group.every((credential) => makeOneSecret(first, credential))) return [];
    const pulls = first.usedBy === 'nodes';
    return finding('secret-collision', {
      place: place?.(...(group.at(-1) ?? first).path),
      message: `the Secret ${secretNameOf(first)} in ${first.namespace} would be created by ${
        pulls
          ? 'both pullSecret and mirror.auth'
          : `${group.length} entries of mirror.auth that cannot be combined`
      }`,
      hint: 'Use different names. If one Secret is for several servers, set source: existing in all entries except the first.',
    });
  });
}

/** Returns whether two credentials can be in one Secret; those of nodes and Job cannot. */
function makeOneSecret(a: Credential, b: Credential): boolean {
  if (a === b) return true;
  const source = sourceOf(a);
  if (a.config.source !== b.config.source || a.usedBy !== b.usedBy || source.secret === 'existing')
    return false;
  return source.isOneSecret(a, b);
}

/** Checks that nodes and Job do not share a credential unintentionally. */
function checkShared({ config, place }: Checked): Finding[] {
  const credentials = credentialsOf(config);
  const pull = credentials.find(({ usedBy }) => usedBy === 'nodes');
  if (!pull) return [];
  return credentials.flatMap((credential) => {
    if (credential.usedBy === 'nodes' || isMeantToBeShared(credential)) return [];
    const shared = whatIsShared(pull, credential);
    if (!shared) return [];
    return finding('credential-shared', {
      place: place?.(...credential.path),
      message: `the Job and the nodes use the same credential for ${credential.server}: ${shared}`,
      hint: 'Give the Job its own credential. If this is intended, set sharedWithNodes: true in this entry.',
    });
  });
}

function isMeantToBeShared({ config }: Credential): boolean {
  return 'sharedWithNodes' in config && config.sharedWithNodes;
}

function whatIsShared(pull: Credential, mirror: Credential): string | undefined {
  const name = secretNameOf(pull);
  if (pull.namespace === mirror.namespace && name === secretNameOf(mirror)) return `the Secret ${name}`;
  if (pull.config.source !== mirror.config.source) return undefined;
  const identity = sourceOf(pull).identity(pull);
  return identity && identity.id === sourceOf(mirror).identity(mirror)?.id ? identity.shared : undefined;
}

/** Checks for plain Secrets with GitOps: files that are not in git are not applied. */
function checkPlain({ config, place }: Checked): Finding[] {
  const { gitops } = config;
  const plain = credentialsOf(config).filter((credential) => sourceOf(credential).secret === 'plain');
  if (gitops === 'none' || plain.length === 0) return [];
  const secrets = bySecret(plain).map(([first]) => `${first.namespace}/${secretNameOf(first)}`);
  return [
    finding('gitops-plain-secret', {
      place: place?.('gitops'),
      message: `${secrets.join(' and ')} are plain Secrets: they are not in git, so ${gitops} does not apply them`,
      hint: 'Apply the secrets file with kubectl, or use externalSecret or sealedSecret.',
    }),
  ];
}
