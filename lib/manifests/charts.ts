import { type App, Chart } from 'cdk8s';
import type { Config } from '../config/schema.ts';
import type { Plan } from '../plan/plan.ts';
import { DigestsConfigMap } from './digests-config-map.ts';
import { type Environment, type LoginVariables, readLogins } from './logins.ts';
import { MirrorJob } from './mirror-job.ts';
import { MirrorNamespace } from './mirror-namespace.ts';
import { MirrorNetworkPolicy } from './mirror-network-policy.ts';
import { RegistrySecret } from './registry-secret.ts';

/** The Secret that holds all credentials of the mirror that come from the environment. */
const MIRROR_SECRET = 'ess-mirror-auth';

/**
 * Everything that a configuration asks for, as charts, each a file of its own: `ess-images` (the ConfigMap),
 * `ess-mirror` (the Job and what belongs to it) and `ess-secrets` (plain Secrets, never to be committed). A chart
 * without objects is not made.
 *
 * @param environment where credentials with `source: env` come from
 * @throws InputError where the environment lacks a credential
 */
export function addCharts(app: App, plan: Plan, config: Config, environment: Environment): void {
  const { mirror, namespace, pullSecret, registry } = config;
  const chart = (id: string): Chart => new Chart(app, id, { disableResourceNameHashes: true });
  const fromEnvironment = mirror?.auth.filter((auth) => auth.source === 'env') ?? [];
  const pull: LoginVariables[] =
    pullSecret?.source === 'env' ? [{ server: registry.server, ...pullSecret }] : [];
  const logins = readLogins([...pull, ...fromEnvironment], environment);

  new DigestsConfigMap(chart('ess-images'), 'digests', { plan, namespace, name: config.configMap.name });
  if (mirror) {
    const files = chart('ess-mirror');
    if (mirror.namespace !== namespace)
      new MirrorNamespace(files, 'namespace', { plan, name: mirror.namespace });
    new MirrorNetworkPolicy(files, 'network-policy', {
      plan,
      namespace: mirror.namespace,
      insecure: mirror.insecure,
      proxy: mirror.proxy,
      egressPorts: mirror.egressPorts,
    });
    new MirrorJob(files, 'mirror', {
      plan,
      namespace: mirror.namespace,
      image: mirror.image,
      mode: mirror.mode,
      parallel: mirror.parallel,
      shards: mirror.shards,
      kubernetesVersion: mirror.kubernetesVersion,
      insecure: mirror.insecure,
      caBundle: mirror.caBundle,
      clientCertificates: mirror.clientCertificates.map(({ server, name }) => ({ server, secretName: name })),
      proxy: mirror.proxy,
      credentials: mirror.auth.map((auth) => ({
        server: auth.server,
        secretName: auth.source === 'env' ? MIRROR_SECRET : auth.name,
      })),
    });
  }
  if (logins.length === 0) return;
  const secrets = chart('ess-secrets');
  if (pullSecret && pull.length > 0) {
    const { name } = pullSecret;
    new RegistrySecret(secrets, 'pull', {
      plan,
      name,
      namespace,
      component: 'pull',
      logins: logins.slice(0, 1),
    });
  }
  if (mirror && fromEnvironment.length > 0) {
    new RegistrySecret(secrets, 'mirror', {
      plan,
      name: MIRROR_SECRET,
      namespace: mirror.namespace,
      component: 'mirror',
      logins: logins.slice(pull.length),
    });
  }
}
