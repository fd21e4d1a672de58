import type { Config, MirrorAuth, MirrorConfig, PullSecretConfig } from '../config/schema.ts';
import type { Checked } from './checks/checked.ts';
import { bySecret, MIRROR_SECRET, secretNameOf } from './credentials.ts';
import { type Finding, finding } from './finding.ts';

/** The Secrets of a plan: that each has one maker, and that nodes and Job do not know each other's. */
export function checkSecrets(checked: Checked): Finding[] {
  return [...checkMakers(checked), ...checkShared(checked), ...checkPlain(checked)];
}

/** Two makers of one Secret undo each other's work, whichever comes last. */
function checkMakers({ config, place }: Checked): Finding[] {
  const { mirror, namespace, pullSecret } = config;
  if (!mirror) return [];
  const findings: Finding[] = [];
  const collision = (name: string, path: readonly PropertyKey[], makers: string): void => {
    findings.push(
      finding('secret-collision', {
        place: place?.(...path),
        message: `the Secret ${name} in ${mirror.namespace} would be made by ${makers}`,
        hint: 'Give each a name of its own; where one Secret is for several servers, let all but the first be source: existing.',
      }),
    );
  };
  const made = mirror.auth.filter((auth) => auth.source !== 'existing');
  for (const [name, group] of bySecret(made)) {
    const path = ['mirror', 'auth', mirror.auth.indexOf(group.at(-1) as MirrorAuth)];
    if (!group.every((auth) => joins(auth, group[0] as MirrorAuth))) {
      collision(name, path, `${group.length} entries of mirror.auth that do not make one Secret`);
    }
    const pulls = pullSecret && pullSecret.source !== 'existing' && pullSecret.name === name;
    if (pulls && namespace === mirror.namespace) collision(name, path, 'both pullSecret and mirror.auth');
  }
  return findings;
}

/** Whether two credentials make one Secret: all of the environment do, those of one store if they agree. */
function joins(a: MirrorAuth, b: MirrorAuth): boolean {
  if (a === b || (a.source === 'env' && b.source === 'env')) return true;
  if (a.source !== 'externalSecret' || b.source !== 'externalSecret') return false;
  return sameStore(a.store, b.store) && a.refreshInterval === b.refreshInterval && a.server !== b.server;
}

/** A node that can push, or a Job that is only to push and knows how nodes pull, must be meant. */
function checkShared({ config, place }: Checked): Finding[] {
  const { mirror, pullSecret } = config;
  if (!mirror || !pullSecret) return [];
  return mirror.auth.flatMap((auth, index) => {
    const shared = auth.sharedWithNodes ? undefined : whatIsShared(pullSecret, auth, mirror, config);
    if (!shared) return [];
    return finding('credential-shared', {
      place: place?.('mirror', 'auth', index),
      message: `the credential of the Job for ${auth.server} is the one that nodes pull with: ${shared}`,
      hint: 'Give the Job a credential of its own, or say that it is meant: sharedWithNodes: true in this entry.',
    });
  });
}

function whatIsShared(
  pull: PullSecretConfig,
  auth: MirrorAuth,
  mirror: MirrorConfig,
  config: Config,
): string | undefined {
  const sameNamespace = mirror.namespace === config.namespace;
  if (sameNamespace && secretNameOf(auth) === pull.name) return `the Secret ${pull.name}`;
  if (pull.source === 'env' && auth.source === 'env' && pull.passwordEnv === auth.passwordEnv)
    return `the environment variable ${pull.passwordEnv}`;
  if (pull.source === 'sealedSecret' && auth.source === 'sealedSecret')
    return pull.encryptedData === auth.encryptedData ? 'the same ciphertext' : undefined;
  if (pull.source === 'externalSecret' && auth.source === 'externalSecret') {
    const { key, property } = pull.password;
    const store =
      sameStore(pull.store, auth.store) && (sameNamespace || pull.store.kind === 'ClusterSecretStore');
    if (store && key === auth.password.key && property === auth.password.property)
      return `${key} of the ${pull.store.kind} ${pull.store.name}`;
  }
  return undefined;
}

interface Store {
  readonly name: string;
  readonly kind: string;
}

function sameStore(a: Store, b: Store): boolean {
  return a.name === b.name && a.kind === b.kind;
}

/** What is not in git is applied by nobody but the person who ran the synth. */
function checkPlain({ config, place }: Checked): Finding[] {
  const { gitops, mirror, namespace, pullSecret } = config;
  if (gitops === 'none') return [];
  const secrets = [
    ...(pullSecret?.source === 'env' ? [`${namespace}/${pullSecret.name}`] : []),
    ...(mirror?.auth.some(({ source }) => source === 'env') ? [`${mirror.namespace}/${MIRROR_SECRET}`] : []),
  ];
  if (secrets.length === 0) return [];
  return [
    finding('gitops-plain-secret', {
      place: place?.('gitops'),
      message: `${secrets.join(' and ')} come from the environment: they are not in git, so ${gitops} applies none of them`,
      hint: 'Apply the secrets file with kubectl, or use externalSecret or sealedSecret.',
    }),
  ];
}
