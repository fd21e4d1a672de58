import type { Credential } from '../../credentials/credential-source.ts';
import { bySecret, credentialsOf, secretNameOf, sourceOf } from '../../credentials/sources.ts';
import { type Finding, finding } from '../finding.ts';
import type { Check, Checked } from './checked.ts';

/** The Secrets of a plan: that each has one maker, and that nodes and Job do not know each other's. */
export const checkSecrets: Check = (checked) => [
  ...checkMakers(checked),
  ...checkShared(checked),
  ...checkPlain(checked),
];

/** Two makers of one Secret undo each other's work, whichever comes last. */
function checkMakers({ config, place }: Checked): Finding[] {
  const made = credentialsOf(config).filter((credential) => sourceOf(credential).secret !== 'existing');
  return bySecret(made).flatMap((group) => {
    const [first] = group;
    if (group.every((credential) => makeOneSecret(first, credential))) return [];
    const pulls = first.usedBy === 'nodes';
    return finding('secret-collision', {
      place: place?.(...(group.at(-1) ?? first).path),
      message: `the Secret ${secretNameOf(first)} in ${first.namespace} would be made by ${
        pulls
          ? 'both pullSecret and mirror.auth'
          : `${group.length} entries of mirror.auth that do not make one Secret`
      }`,
      hint: 'Give each a name of its own; where one Secret is for several servers, let all but the first be source: existing.',
    });
  });
}

/** Whether two credentials of one Secret can be made together; those of nodes and Job are not. */
function makeOneSecret(a: Credential, b: Credential): boolean {
  if (a === b) return true;
  const source = sourceOf(a);
  if (a.config.source !== b.config.source || a.usedBy !== b.usedBy || source.secret === 'existing')
    return false;
  return source.isOneSecret(a, b);
}

/** A node that can push, or a Job that is only to push and knows how nodes pull, must be meant. */
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
      message: `the credential of the Job for ${credential.server} is the one that nodes pull with: ${shared}`,
      hint: 'Give the Job a credential of its own, or say that it is meant: sharedWithNodes: true in this entry.',
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

/** What is not in git is applied by nobody but the person who ran the synth. */
function checkPlain({ config, place }: Checked): Finding[] {
  const { gitops } = config;
  const plain = credentialsOf(config).filter((credential) => sourceOf(credential).secret === 'plain');
  if (gitops === 'none' || plain.length === 0) return [];
  const secrets = bySecret(plain).map(([first]) => `${first.namespace}/${secretNameOf(first)}`);
  return [
    finding('gitops-plain-secret', {
      place: place?.('gitops'),
      message: `${secrets.join(' and ')} are plain Secrets: they are not in git, so ${gitops} applies none of them`,
      hint: 'Apply the secrets file with kubectl, or use externalSecret or sealedSecret.',
    }),
  ];
}
