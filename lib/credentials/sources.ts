import type { Config } from '../config/schema.ts';
import type { Credential, CredentialConfig, CredentialSource, SourceName } from './credential-source.ts';
import { file } from './docker-config-file.ts';
import { env } from './env.ts';
import { existing } from './existing.ts';
import { externalSecret } from './external-secret.ts';
import { sealedSecret } from './sealed-secret.ts';

/** Every source of credentials. A variant of the schema without an entry here does not compile. */
const SOURCES: { readonly [S in SourceName]: CredentialSource<S> } = {
  env,
  existing,
  externalSecret,
  sealedSecret,
  file,
};

/** Returns the source of a credential. */
export function sourceOf({ config }: { readonly config: CredentialConfig }): CredentialSource {
  // A credential is only given to the source that its own `source` names.
  return SOURCES[config.source] as CredentialSource;
}

/** Returns every credential of a configuration: the one of the nodes first, then those of the mirror in their order. */
export function credentialsOf({ mirror, namespace, pullSecret, registry }: Config): Credential[] {
  const nodes: Credential[] = pullSecret
    ? [{ config: pullSecret, usedBy: 'nodes', server: registry.server, namespace, path: ['pullSecret'] }]
    : [];
  const auth = mirror?.auth ?? [];
  return [
    ...nodes,
    ...auth.map(
      (config, index): Credential => ({
        config,
        usedBy: 'mirror',
        server: config.server,
        namespace: mirror?.namespace ?? namespace,
        path: ['mirror', 'auth', index],
      }),
    ),
  ];
}

/** Returns the name of the Secret that holds a credential. */
export function secretNameOf(credential: Credential): string {
  return sourceOf(credential).secretName(credential);
}

/** Credentials that are in one Secret; at least one. */
export type SecretCredentials = readonly [Credential, ...Credential[]];

/** Returns credentials by the Secret that they are in, in their order. */
export function bySecret(credentials: readonly Credential[]): SecretCredentials[] {
  const groups = new Map<string, [Credential, ...Credential[]]>();
  for (const credential of credentials) {
    const key = `${credential.namespace}/${secretNameOf(credential)}`;
    const group = groups.get(key);
    if (group) group.push(credential);
    else groups.set(key, [credential]);
  }
  return [...groups.values()];
}
