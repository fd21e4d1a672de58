import { type App, Chart } from 'cdk8s';
import type { ConfigPlace } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { readLogins } from '../credentials/logins.ts';
import { credentialsOf, secretNameOf } from '../credentials/sources.ts';
import type { Environment } from '../input/environment.ts';
import { refuseErrors } from '../plan/finding.ts';
import type { Plan } from '../plan/model.ts';
import { DigestsConfigMap } from './digests-config-map.ts';
import { annotateForGitops } from './gitops.ts';
import { MirrorJob } from './mirror-job.ts';
import { MirrorNamespace } from './mirror-namespace.ts';
import { MirrorNetworkPolicy } from './mirror-network-policy.ts';
import { leakFinder } from './secret-leaks.ts';
import { addPlainSecrets, addSecretObjects } from './secrets.ts';

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
  const { mirror, namespace } = config;
  const credentials = credentialsOf(config);
  const usedBy = (user: string) => credentials.filter((it) => it.usedBy === user);
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
  addSecretObjects(images, usedBy('nodes'));
  if (mirror) {
    const files = chart('ess-mirror');
    if (mirror.namespace !== namespace)
      new MirrorNamespace(files, 'namespace', { plan, name: mirror.namespace });
    addSecretObjects(files, usedBy('mirror'));
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
      credentials: usedBy('mirror').map((it) => ({ server: it.server, secretName: secretNameOf(it) })),
    });
  }
  for (const made of charts) annotateForGitops(made, config.gitops);
  const findLeaks = leakFinder(logins);
  refuseErrors(findLeaks(charts));
  // At synth again, over the charts that the app has got besides.
  app.node.addValidation({
    validate: () =>
      findLeaks(app.charts.filter(({ node }) => !node.id.endsWith(SECRETS_CHART))).map(
        ({ message }) => message,
      ),
  });

  if (logins.length > 0) addPlainSecrets(chart(SECRETS_CHART), logins);
  return charts;
}
