import type { k8s } from 'cdk8s-plus-28';

/** The types of cdk8s say `hostPid` and `hostIpc`: a manifest says it as Kubernetes does. */
export type PodSpec = k8s.PodSpec & { readonly hostPID?: boolean; readonly hostIPC?: boolean };
export type Container = k8s.Container | k8s.EphemeralContainer;
export type Problem = readonly [path: string, message: string];

export interface Pod {
  /** Where the pod is in its manifest: '' for a Pod, `spec.template.` for a Job, … */
  readonly at: string;
  readonly metadata: k8s.ObjectMeta;
  readonly spec: PodSpec;
}

/** Where each kind of workload has the template of its pods. */
const templates = new Map([
  ['Pod', ''],
  ['PodTemplate', 'template.'],
  ['Job', 'spec.template.'],
  ['CronJob', 'spec.jobTemplate.spec.template.'],
  ['Deployment', 'spec.template.'],
  ['StatefulSet', 'spec.template.'],
  ['DaemonSet', 'spec.template.'],
  ['ReplicaSet', 'spec.template.'],
  ['ReplicationController', 'spec.template.'],
]);

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

/** The pod of a workload. Nothing for a kind that has none, or for a workload without its pod. */
export function podOf(manifest: unknown): Pod | undefined {
  const at = templates.get(String(field(manifest, 'kind')));
  if (at === undefined) return undefined;
  const template = at.split('.').slice(0, -1).reduce(field, manifest);
  const spec = field(template, 'spec');
  const metadata = (field(template, 'metadata') ?? {}) as k8s.ObjectMeta;
  return spec ? { at, metadata, spec: spec as PodSpec } : undefined;
}

/** Every container of a pod, with its path below the pod's spec. */
export const containersOf = (spec: PodSpec): [path: string, container: Container][] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, i): [string, Container] => [`${list}[${i}]`, container]),
  );

/** `Job/name`, for the head of a problem. */
export function titleOf(manifest: unknown): string {
  const metadata = field(manifest, 'metadata');
  return `${field(manifest, 'kind')}/${field(metadata, 'name') ?? field(metadata, 'generateName') ?? '?'}`;
}

const powers = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/** What a quantity such as `100m`, `2Gi` or `1e3` amounts to. */
function amountOf(quantity: unknown): number {
  const [, digits, suffix = ''] = /^(.*?)([a-zA-Z]i?)?$/.exec(String(quantity)) ?? [];
  const power = powers.indexOf(suffix.replace('Ki', 'k').replace('i', '')) - powers.indexOf('');
  return Number(digits) * (suffix.endsWith('i') ? 1024 : 1000) ** power;
}

function* repeats(path: string, names: readonly string[]): Generator<Problem> {
  for (const [i, name] of names.entries()) {
    if (names.indexOf(name) < i) yield [path, `${name} is there twice`];
  }
}

function* podRules({ at, spec }: Pod): Generator<Problem> {
  const containers = containersOf(spec);
  const names = containers.map(([, { name }]) => name);
  const volumes = (spec.volumes ?? []).map(({ name }) => name);
  yield* repeats(`${at}spec.containers`, names);
  yield* repeats(`${at}spec.volumes`, volumes);
  for (const [where, { volumeMounts = [], resources = {} }] of containers) {
    const path = `${at}spec.${where}`;
    const mountPaths = volumeMounts.map(({ mountPath }) => mountPath);
    yield* repeats(`${path}.volumeMounts`, mountPaths);
    for (const [i, { name }] of volumeMounts.entries()) {
      if (!volumes.includes(name)) yield [`${path}.volumeMounts[${i}].name`, `there is no volume ${name}`];
    }
    for (const [resource, request] of Object.entries(resources.requests ?? {})) {
      const limit = resources.limits?.[resource] ?? request;
      const above = amountOf(request) > amountOf(limit);
      if (above) yield [`${path}.resources.requests.${resource}`, 'must not be above its limit'];
    }
  }
}

function* jobRules(job: k8s.JobSpec, at: string, { spec }: Pod, name: string): Generator<Problem> {
  const { completions, completionMode, parallelism = 1, podFailurePolicy, manualSelector, selector } = job;
  const policies = podFailurePolicy ? ['Never'] : ['Never', 'OnFailure'];
  if (!policies.includes(spec.restartPolicy ?? 'Always')) {
    yield [`${at}template.spec.restartPolicy`, `must be ${policies.join(' or ')}`];
  }
  if (selector && !manualSelector) yield [`${at}selector`, 'must be left to the Job controller'];
  if (completionMode === 'Indexed') {
    if (completions === undefined) yield [`${at}completions`, 'required field is missing'];
    if (parallelism > 100_000) yield [`${at}parallelism`, 'must not be above 100000'];
    const hostname = `${name}-${Math.max((completions ?? 1) - 1, 0)}`;
    const isLabel = hostname.length <= 63 && !hostname.includes('.');
    if (!isLabel) yield ['metadata.name', `must make DNS labels for the pods: ${hostname} is none`];
  }
  const names = containersOf(spec).map(([, container]) => container.name);
  for (const [i, { onExitCodes, onPodConditions = [] }] of (podFailurePolicy?.rules ?? []).entries()) {
    const path = `${at}podFailurePolicy.rules[${i}]`;
    const either = (onExitCodes === undefined) !== (onPodConditions.length === 0);
    if (!either) yield [path, 'must have one of onExitCodes and onPodConditions'];
    const { containerName, operator, values = [] } = onExitCodes ?? {};
    if (containerName && !names.includes(containerName)) {
      yield [`${path}.onExitCodes.containerName`, `there is no container ${containerName}`];
    }
    const ordered = values.every((value, n) => value >= (values[n - 1] ?? value));
    if (!ordered) yield [`${path}.onExitCodes.values`, 'must be in order'];
    if (operator === 'In' && values.includes(0)) yield [`${path}.onExitCodes.values`, 'must not hold 0'];
  }
}

/** What the API server asks of a workload across the fields of its pod and, for a Job, of the Job. */
export function* workloadProblems(manifest: unknown): Generator<Problem> {
  const pod = podOf(manifest);
  if (!pod) return;
  yield* podRules(pod);
  const kind = field(manifest, 'kind');
  if (kind !== 'Job' && kind !== 'CronJob') return;
  const at = pod.at.replace(/template\.$/, '');
  const job = at.split('.').slice(0, -1).reduce(field, manifest) as k8s.JobSpec;
  const name = kind === 'Job' ? field(field(manifest, 'metadata'), 'name') : undefined;
  yield* jobRules(job, at, pod, String(name ?? ''));
}

const volumeTypes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const sysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_syncookies',
];
const seLinuxTypes = ['container_t', 'container_init_t', 'container_kvm_t'];
const seccompTypes = ['RuntimeDefault', 'Localhost'];
const appArmor = 'container.apparmor.security.beta.kubernetes.io/';

function* podProblems({ metadata, spec }: Pod): Generator<Problem> {
  for (const [key, profile] of Object.entries(metadata.annotations ?? {})) {
    if (key.startsWith(appArmor) && !/^$|^runtime\/default$|^localhost\//.test(profile)) {
      yield [`metadata.annotations["${key}"]`, 'must be runtime/default or localhost/*'];
    }
  }
  for (const namespace of ['hostNetwork', 'hostPID', 'hostIPC'] as const) {
    if (spec[namespace]) yield [`spec.${namespace}`, 'must not be true'];
  }
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    const sources = Object.keys(volume).filter((key) => key !== 'name');
    if (sources.length === 0) yield [`spec.volumes[${i}]`, 'must have one of the restricted volume types'];
    for (const source of sources.filter((name) => !volumeTypes.includes(name))) {
      yield [`spec.volumes[${i}].${source}`, `must be one of ${volumeTypes.join(', ')}`];
    }
  }
  for (const [i, { name }] of (spec.securityContext?.sysctls ?? []).entries()) {
    if (!sysctls.includes(name)) {
      yield [`spec.securityContext.sysctls[${i}].name`, `must be one of ${sysctls.join(', ')}`];
    }
  }
}

/** What holds for the security context of the pod and for that of each container alike. */
function* contextProblems(context: k8s.PodSecurityContext | k8s.SecurityContext = {}): Generator<Problem> {
  const { runAsNonRoot, runAsUser, seccompProfile, seLinuxOptions, windowsOptions } = context;
  if (windowsOptions?.hostProcess) yield ['windowsOptions.hostProcess', 'must not be true'];
  if (seLinuxOptions?.type && !seLinuxTypes.includes(seLinuxOptions.type)) {
    yield ['seLinuxOptions.type', `must be one of ${seLinuxTypes.join(', ')}`];
  }
  for (const part of ['user', 'role'] as const) {
    if (seLinuxOptions?.[part]) yield [`seLinuxOptions.${part}`, 'must not be set'];
  }
  if (seccompProfile && !seccompTypes.includes(seccompProfile.type)) {
    yield ['seccompProfile.type', `must be one of ${seccompTypes.join(', ')}`];
  }
  if (runAsNonRoot === false) yield ['runAsNonRoot', 'must be true'];
  if (runAsUser === 0) yield ['runAsUser', 'must not be 0'];
}

/** What is asked of each container; `pod` stands in for what a container leaves out. */
function* containerProblems(container: Container, pod: k8s.PodSecurityContext = {}): Generator<Problem> {
  const context = container.securityContext ?? {};
  for (const [i, port] of (container.ports ?? []).entries()) {
    if (port.hostPort) yield [`ports[${i}].hostPort`, 'must not be set'];
  }
  if (context.privileged) yield ['securityContext.privileged', 'must not be true'];
  if ((context.procMount ?? 'Default') !== 'Default') yield ['securityContext.procMount', 'must be Default'];
  if (context.allowPrivilegeEscalation !== false) {
    yield ['securityContext.allowPrivilegeEscalation', 'must be false'];
  }
  if (!context.capabilities?.drop?.includes('ALL')) {
    yield ['securityContext.capabilities.drop', 'must include ALL'];
  }
  if (context.capabilities?.add?.some((capability) => capability !== 'NET_BIND_SERVICE')) {
    yield ['securityContext.capabilities.add', 'may only hold NET_BIND_SERVICE'];
  }
  if ((context.runAsNonRoot ?? pod.runAsNonRoot) === undefined) {
    yield ['securityContext.runAsNonRoot', 'must be true, here or for the pod'];
  }
  if ((context.seccompProfile ?? pod.seccompProfile) === undefined) {
    yield ['securityContext.seccompProfile', 'must be set, here or for the pod'];
  }
}

/**
 * What the Pod Security Standard "restricted" (v1.28, which holds all of "baseline") refuses in a workload.
 * A kind without a pod has no problems. Every pod is taken for a Linux one: what the standard lets a Windows
 * pod leave out is asked of it all the same.
 */
export function restrictedProblems(manifest: unknown): string[] {
  const pod = podOf(manifest);
  if (!pod) {
    return templates.has(String(field(manifest, 'kind')))
      ? [`${titleOf(manifest)}: has no pod to check`]
      : [];
  }
  const below = (path: string, problems: Iterable<Problem>) =>
    [...problems].map(([rest, message]) => `${titleOf(manifest)}: ${pod.at}${path}${rest}: ${message}`);
  const { spec } = pod;
  return [
    ...below('', podProblems(pod)),
    ...below('spec.securityContext.', contextProblems(spec.securityContext)),
    ...containersOf(spec).flatMap(([path, container]) => [
      ...below(`spec.${path}.`, containerProblems(container, spec.securityContext)),
      ...below(`spec.${path}.securityContext.`, contextProblems(container.securityContext)),
    ]),
  ];
}
