import { type App, Chart } from 'cdk8s';
import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Environment } from '../input/environment.ts';
import { MIRROR_SECRET, secretNameOf } from '../plan/credentials.ts';
import { refuseErrors } from '../plan/finding.ts';
import type { Plan } from '../plan/model.ts';
import { DigestsConfigMap } from './digests-config-map.ts';
import { annotateForGitops } from './gitops.ts';
import { readLogins } from './logins.ts';
import { MirrorJob } from './mirror-job.ts';
import { MirrorNamespace } from './mirror-namespace.ts';
import { MirrorNetworkPolicy } from './mirror-network-policy.ts';
import { RegistrySecret } from './registry-secret.ts';
import { addMirrorSecrets, addPullSecret } from './secrets.ts';
import { leakFinder } from './tripwire.ts';

/** The end of the id of each chart with plain Secrets, and so of its file's name; .gitignore has it. */
export const SECRETS_CHART = 'ess-secrets';

/**
 * Everything that a configuration asks for, as charts, each a file of its own: `ess-images` (the ConfigMap),
 * `ess-mirror` (the Job and what belongs to it) and `ess-secrets` (plain Secrets, never to be committed), all with
 * the configuration's name in front, if it has one. A chart without objects is not made. The app gets a validation
 * that looks for the passwords in all its other charts when it is synthesised.
 *
 * @param environment where credentials with `source: env` come from
 * @param place where the configuration's values stand, where it was read from a file
 * @returns the charts that were made
 * @throws InputError where the environment lacks a credential, and where one would get out of `ess-secrets`
 */
export function addCharts(
  app: App,
  plan: Plan,
  config: Config,
  environment: Environment,
  place?: ConfigPlace,
): Chart[] {
  const { mirror, namespace, pullSecret } = config;
  const charts: Chart[] = [];
  const chart = (id: string): Chart => {
    const made = new Chart(app, config.name ? `${config.name}-${id}` : id, {
      disableResourceNameHashes: true,
    });
    charts.push(made);
    return made;
  };
  const logins = readLogins(config, environment, place);

  const images = chart('ess-images');
  new DigestsConfigMap(images, 'digests', { plan, namespace, name: config.configMap.name });
  addPullSecret(images, plan, config);
  if (mirror) {
    const files = chart('ess-mirror');
    if (mirror.namespace !== namespace)
      new MirrorNamespace(files, 'namespace', { plan, name: mirror.namespace });
    addMirrorSecrets(files, plan, mirror.namespace, mirror.auth);
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
      credentials: mirror.auth.map((auth) => ({ server: auth.server, secretName: secretNameOf(auth) })),
    });
  }
  for (const made of charts) annotateForGitops(made, config.gitops);
  const known = [...logins.pull, ...logins.mirror];
  const findLeaks = leakFinder(known);
  refuseErrors(findLeaks(charts));
  // At synth again, over the charts that the app has got besides.
  app.node.addValidation({
    validate: () =>
      findLeaks(app.charts.filter(({ node }) => !node.id.endsWith(SECRETS_CHART))).map(
        ({ message }) => message,
      ),
  });

  if (known.length === 0) return charts;
  const secrets = chart(SECRETS_CHART);
  if (pullSecret && logins.pull.length > 0) {
    const { name } = pullSecret;
    new RegistrySecret(secrets, 'pull', { plan, name, namespace, component: 'pull', logins: logins.pull });
  }
  if (mirror && logins.mirror.length > 0) {
    new RegistrySecret(secrets, 'mirror', {
      plan,
      name: MIRROR_SECRET,
      namespace: mirror.namespace,
      component: 'mirror',
      logins: logins.mirror,
    });
  }
  return charts;
}
