import { isObject } from '../common/collections.ts';
import { count, few } from '../common/text.ts';
import type { Config } from '../config/schema.ts';
import { containerName } from '../digests/container-image.ts';
import { parseDigests } from '../digests/read.ts';
import { InputError } from '../input/problem.ts';
import type { Override, Plan } from '../plan/model.ts';
import { productOf } from '../plan/products/index.ts';
import { field, listOf } from '../validation/manifest.ts';
import { type KubernetesObject, nameOf, namespaceOf } from './objects.ts';

/** One answer about how the deployment is connected to the plan. */
export interface WiringCheck {
  readonly ok: boolean;
  /** What was looked at. */
  readonly subject: string;
  /** What was found; never a value of a Secret. */
  readonly message: string;
  /** What to do, if it is not right. */
  readonly hint?: string;
}

/**
 * Checks that the ElementDeployment in the cluster uses the override ConfigMap and the pull Secret of a plan, and that both
 * are there and right. Answers only what the given objects can tell.
 */
export function auditWiring(objects: readonly KubernetesObject[], plan: Plan, config: Config): WiringCheck[] {
  const inNamespace = objects.filter((object) => namespaceOf(object) === config.namespace);
  const ofKind = (kind: string): KubernetesObject[] =>
    inNamespace.filter((object) => field(object, 'kind') === kind);
  const deployments = ofKind('ElementDeployment');
  const configMaps = ofKind('ConfigMap');
  const secrets = ofKind('Secret');
  const product = productOf(plan.release);
  if (plan.release.product !== 'classic') {
    // A chart renders ConfigMaps and Secrets of its own: what is missing among them says nothing, unless they come from
    // the cluster.
    const fromCluster = inNamespace.some((object) => field(object, 'metadata', 'uid') !== undefined);
    const isThere = (list: readonly KubernetesObject[], name: string | undefined): boolean =>
      list.some((object) => field(object, 'metadata', 'name') === name);
    const name = product.configMapName(plan.release, config);
    const checksConfigMap =
      product.hasConfigMap(config) && configMaps.length > 0 && (fromCluster || isThere(configMaps, name));
    const checksSecret = secrets.length > 0 && (fromCluster || isThere(secrets, config.pullSecret?.name));
    return [
      ...(checksConfigMap ? [checkOverride(configMaps, plan, config)] : []),
      ...(checksSecret ? checkSecret(secrets, config) : []),
    ];
  }
  return [
    ...deployments.flatMap((deployment) => checkDeployment(deployment, config)),
    ...(configMaps.length > 0 ? [checkConfigMap(configMaps, plan, config)] : []),
    ...(secrets.length > 0 ? checkSecret(secrets, config) : []),
  ];
}

function checkDeployment(deployment: KubernetesObject, config: Config): WiringCheck[] {
  const subject = nameOf(deployment);
  const named = field(deployment, 'spec', 'global', 'config', 'imagesDigestsConfigMap');
  const path = 'spec.global.config.imagesDigestsConfigMap';
  const checks: WiringCheck[] = [
    named === config.configMap.name
      ? { ok: true, subject, message: `${path} is ${config.configMap.name}` }
      : {
          ok: false,
          subject,
          message: `${path} is ${typeof named === 'string' ? JSON.stringify(named) : 'not set'}; expected ${config.configMap.name}`,
          hint: 'Without this setting every container runs from its upstream registry. The command wiring prints a patch that sets it.',
        },
  ];
  const { pullSecret, registry } = config;
  if (!pullSecret) return checks;
  const entries = listOf(field(deployment, 'spec', 'global', 'k8s', 'workloads', 'dockerSecrets'));
  const where = 'spec.global.k8s.workloads.dockerSecrets';
  const exact = entries.find((entry) => field(entry, 'url') === registry.server);
  if (exact && field(exact, 'name') === pullSecret.name) {
    return [
      ...checks,
      { ok: true, subject, message: `${where} has ${pullSecret.name} for ${registry.server}` },
    ];
  }
  const urls = entries.map((entry) => String(field(entry, 'url')));
  const found = exact
    ? `names ${JSON.stringify(field(exact, 'name'))} for ${registry.server}`
    : `has ${urls.length > 0 ? few(urls) : 'no entry'}`;
  return [
    ...checks,
    {
      ok: false,
      subject,
      message: `${where} ${found}; expected { name: ${pullSecret.name}, url: ${registry.server} }`,
      hint: 'The url must be exactly image_repository_server, including the port. Otherwise no pod gets the Secret.',
    },
  ];
}

/** A ConfigMap whose override is read by something else than the updater: it is the plan's, or it is not. */
function checkOverride(configMaps: readonly KubernetesObject[], plan: Plan, config: Config): WiringCheck {
  const product = productOf(plan.release);
  const name = product.configMapName(plan.release, config);
  const subject = `ConfigMap ${config.namespace}/${name}`;
  const hint = 'Apply ess-images.k8s.yaml of the last synth.';
  const object = configMaps.find((one) => field(one, 'metadata', 'name') === name);
  if (!object) return { ok: false, subject, message: 'is missing in the input', hint };
  return field(object, 'data', product.configMapKey) === product.renderOverride(plan)
    ? { ok: true, subject, message: `has the ${count(plan.overrides.length, 'container')} of the plan` }
    : { ok: false, subject, message: 'is not the override of this plan', hint };
}

function checkConfigMap(configMaps: readonly KubernetesObject[], plan: Plan, config: Config): WiringCheck {
  const { namespace, configMap } = config;
  const subject = `ConfigMap ${namespace}/${configMap.name}`;
  const apply = 'Apply ess-images.k8s.yaml of the last synth.';
  const object = configMaps.find((one) => field(one, 'metadata', 'name') === configMap.name);
  if (!object) return { ok: false, subject, message: 'is missing in the input', hint: apply };
  const text = field(object, 'data', 'images_digests');
  if (typeof text !== 'string')
    return { ok: false, subject, message: 'has no data.images_digests', hint: apply };
  if (/^images_digests:/m.test(text)) {
    return {
      ok: false,
      subject,
      message: 'has its components below images_digests:, so ESS ignores all of them',
      hint: apply,
    };
  }
  const wanted = new Map(plan.overrides.map((override) => [containerName(override), valuesOf(override)]));
  let found: Map<string, string>;
  try {
    found = new Map(
      parseDigests(text, subject).map(({ component, container, image }) => [
        `${component}/${container}`,
        [image.registry, image.repository, image.tag ?? '', image.digest ?? ''].join(' '),
      ]),
    );
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ok: false, subject, message: 'has no images_digests that ESS can read', hint: apply };
  }
  const missing = [...wanted.keys()].filter((name) => !found.has(name));
  const surplus = [...found.keys()].filter((name) => !wanted.has(name));
  const different = [...wanted].flatMap(([name, value]) =>
    found.has(name) && found.get(name) !== value ? name : [],
  );
  if (missing.length + surplus.length + different.length === 0)
    return { ok: true, subject, message: `has the ${count(plan.overrides.length, 'container')} of the plan` };
  const parts = [
    missing.length > 0 && `lacks ${few(missing)}`,
    different.length > 0 && `has another image for ${few(different)}`,
    surplus.length > 0 && `has ${few(surplus)}, which the plan does not have`,
  ];
  return { ok: false, subject, message: parts.filter(Boolean).join('; '), hint: apply };
}

function valuesOf({ server, repository, tag, digest }: Override): string {
  return [server, repository, tag, digest].join(' ');
}

const DOCKER_CONFIG = 'kubernetes.io/dockerconfigjson';

function checkSecret(
  secrets: readonly KubernetesObject[],
  { namespace, pullSecret, registry }: Config,
): WiringCheck[] {
  if (!pullSecret) return [];
  const subject = `Secret ${namespace}/${pullSecret.name}`;
  const secret = secrets.find((one) => field(one, 'metadata', 'name') === pullSecret.name);
  const no = (message: string, hint: string): WiringCheck[] => [{ ok: false, subject, message, hint }];
  if (!secret) return no('is missing in the input', 'docs/how-to/credentials.md shows how to create it.');
  const type = field(secret, 'type');
  if (type !== DOCKER_CONFIG)
    return no(
      `has the type ${JSON.stringify(type)}; expected ${DOCKER_CONFIG}`,
      'Delete it and create it again: the type of a Secret cannot be changed.',
    );
  const servers = serversOf(field(secret, 'data', '.dockerconfigjson'));
  if (!servers)
    return no('has no docker config', 'Create it again with kubectl create secret docker-registry.');
  const matches = servers.some(
    (server) => server === registry.server || server.startsWith(`${registry.server}/`),
  );
  return matches
    ? [{ ok: true, subject, message: `has the right type and a login for ${registry.server}` }]
    : no(
        `has no login for ${registry.server}; it has ${servers.length > 0 ? few(servers) : 'none'}`,
        'Create it again with a login for this server.',
      );
}

/** The servers that a docker config has logins for; the logins themselves are not looked at. */
function serversOf(base64: unknown): string[] | undefined {
  if (typeof base64 !== 'string') return undefined;
  try {
    const auths: unknown = JSON.parse(Buffer.from(base64, 'base64').toString('utf8')).auths;
    return isObject(auths) ? Object.keys(auths) : undefined;
  } catch {
    return undefined;
  }
}
