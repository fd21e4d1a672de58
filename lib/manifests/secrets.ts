import type { Construct } from 'constructs';
import type { Config, MirrorAuth } from '../config/schema.ts';
import { bySecret } from '../plan/credentials.ts';
import { ExternalRegistrySecret } from './external-registry-secret.ts';
import type { PartProps } from './metadata.ts';
import { SealedRegistrySecret } from './sealed-registry-secret.ts';

/** Adds what makes the pull Secret and is safe in git, if its source is of that kind. */
export function addPullSecret(scope: Construct, part: PartProps, config: Config): void {
  const { namespace, pullSecret, registry } = config;
  const common = { ...part, namespace, component: 'pull' };
  if (pullSecret?.source === 'externalSecret') {
    const { username, password } = pullSecret;
    const logins = [{ server: registry.server, username, password }];
    new ExternalRegistrySecret(scope, 'pull-secret', { ...common, ...pullSecret, logins });
  }
  if (pullSecret?.source === 'sealedSecret')
    new SealedRegistrySecret(scope, 'pull-secret', { ...common, ...pullSecret });
}

/** Adds what makes the Secrets of the mirror and is safe in git: one object for each Secret. */
export function addMirrorSecrets(scope: Construct, part: PartProps, auth: readonly MirrorAuth[]): void {
  const common = { ...part, component: 'mirror' };
  const external = auth.filter((one) => one.source === 'externalSecret');
  for (const [name, logins] of bySecret(external)) {
    const [first] = logins;
    if (first) new ExternalRegistrySecret(scope, `secret-${name}`, { ...common, ...first, logins });
  }
  for (const one of auth) {
    if (one.source === 'sealedSecret')
      new SealedRegistrySecret(scope, `secret-${one.name}`, { ...common, ...one });
  }
}
