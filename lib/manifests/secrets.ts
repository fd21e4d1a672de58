import { ApiObject, type ApiObjectMetadata } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Credential } from '../credentials/credential-source.ts';
import type { CredentialLogin } from '../credentials/logins.ts';
import { bySecret, type SecretCredentials, secretNameOf, sourceOf } from '../credentials/sources.ts';
import { labels } from './metadata.ts';
import { RegistrySecret } from './registry-secret.ts';

/** Adds the objects that make Secrets and are safe in git: one object per Secret. */
export function addSecretObjects(scope: Construct, credentials: readonly Credential[]): void {
  for (const group of bySecret(credentials)) {
    const source = sourceOf(group[0]);
    if (source.secret !== 'object') continue;
    const { name, namespace, component } = describeSecret(group);
    const { annotations, ...object } = source.object(group, { name, namespace, labels: labels(component) });
    const metadata: ApiObjectMetadata = { name, namespace, labels: labels(component), annotations };
    new ApiObject(scope, `secret-${name}`, { ...object, metadata });
  }
}

/** Adds the plain Secrets of logins that synth knows. */
export function addPlainSecrets(scope: Construct, logins: readonly CredentialLogin[]): void {
  for (const group of bySecret(logins.map(({ credential }) => credential))) {
    const { name, namespace, component } = describeSecret(group);
    const held = logins.filter(({ credential }) => group.includes(credential));
    new RegistrySecret(scope, `secret-${namespace}-${name}`, { name, namespace, component, logins: held });
  }
}

function describeSecret([first]: SecretCredentials) {
  const component = first.usedBy === 'nodes' ? 'pull' : 'mirror';
  return { name: secretNameOf(first), namespace: first.namespace, component };
}
