import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Credential } from '../credentials/credential-source.ts';
import type { CredentialLogin } from '../credentials/logins.ts';
import { bySecret, type SecretCredentials, secretNameOf, sourceOf } from '../credentials/sources.ts';
import { labels, metadata, type PartProps } from './metadata.ts';
import { RegistrySecret } from './registry-secret.ts';

/** Adds the objects that make Secrets and are safe in git: one object per Secret. */
export function addSecretObjects(
  scope: Construct,
  credentials: readonly Credential[],
  part: Pick<PartProps, 'instance'>,
): void {
  for (const group of bySecret(credentials)) {
    const source = sourceOf(group[0]);
    if (source.secret !== 'object') continue;
    const { name, namespace, component } = describeSecret(group);
    const { annotations, ...object } = source.object(group, {
      name,
      namespace,
      labels: labels(component, part.instance),
    });
    new ApiObject(scope, `secret-${name}`, {
      ...object,
      metadata: { ...metadata(component, name, { ...part, namespace }), annotations },
    });
  }
}

/** Adds the plain Secrets of logins that synth knows. */
export function addPlainSecrets(
  scope: Construct,
  logins: readonly CredentialLogin[],
  part: Pick<PartProps, 'instance'>,
): void {
  for (const group of bySecret(logins.map(({ credential }) => credential))) {
    const { name, namespace, component } = describeSecret(group);
    const held = logins.filter(({ credential }) => group.includes(credential));
    const props = { ...part, name, namespace, component, logins: held };
    new RegistrySecret(scope, `secret-${namespace}-${name}`, props);
  }
}

function describeSecret([first]: SecretCredentials) {
  const component = first.usedBy === 'nodes' ? 'pull' : 'mirror';
  return { name: secretNameOf(first), namespace: first.namespace, component };
}
