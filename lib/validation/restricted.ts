import { isObject } from '../common/collections.ts';
import { containersOf, field, listOf, type Pod, type Value } from './manifest.ts';

// The Pod Security Standard "restricted" of Kubernetes 1.28, which holds all of "baseline", for Linux pods.

const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];
const SECCOMP = ['RuntimeDefault', 'Localhost'];
const SELINUX = [undefined, '', 'container_t', 'container_init_t', 'container_kvm_t'];
const SYSCTLS = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_syncookies',
];

/** What the standard refuses in a pod: the path, and what is expected there. */
export function restrictedLocations(pod: Pod): string[] {
  const { path, spec } = pod;
  const context = field(spec, 'securityContext');
  const wrong: string[] = [];
  for (const host of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (field(spec, host) === true) wrong.push(`${path}.${host}: expected false`);
  listOf(field(spec, 'volumes')).forEach((volume, index) => {
    const types = isObject(volume) ? Object.keys(volume).filter((key) => key !== 'name') : [];
    if (types.length === 0 || types.some((type) => !VOLUMES.includes(type)))
      wrong.push(`${path}.volumes[${index}]: expected one of ${VOLUMES.join(', ')}`);
  });
  listOf(field(context, 'sysctls')).forEach((sysctl, index) => {
    if (!SYSCTLS.includes(String(field(sysctl, 'name'))))
      wrong.push(`${path}.securityContext.sysctls[${index}]: expected one of ${SYSCTLS.join(', ')}`);
  });
  wrong.push(...contextLocations(context, `${path}.securityContext`));
  for (const { path: at, container } of containersOf(pod))
    wrong.push(...containerLocations(container, context, at));
  return wrong;
}

function containerLocations(container: Value, podContext: Value, path: string): string[] {
  const context = field(container, 'securityContext');
  const at = `${path}.securityContext`;
  const wrong = contextLocations(context, at);
  const either = (...names: string[]): Value => field(context, ...names) ?? field(podContext, ...names);
  if (field(context, 'allowPrivilegeEscalation') !== false)
    wrong.push(`${at}.allowPrivilegeEscalation: expected false`);
  if (field(context, 'privileged') === true) wrong.push(`${at}.privileged: expected false`);
  if (!['Default', undefined, null].includes(field(context, 'procMount') as string | undefined | null))
    wrong.push(`${at}.procMount: expected Default`);
  if (!listOf(field(context, 'capabilities', 'drop')).includes('ALL'))
    wrong.push(`${at}.capabilities.drop: expected ALL`);
  if (listOf(field(context, 'capabilities', 'add')).some((capability) => capability !== 'NET_BIND_SERVICE'))
    wrong.push(`${at}.capabilities.add: expected NET_BIND_SERVICE at most`);
  if (either('runAsNonRoot') !== true) wrong.push(`${at}.runAsNonRoot: expected true, here or for the pod`);
  if (either('seccompProfile', 'type') === undefined)
    wrong.push(`${at}.seccompProfile: expected RuntimeDefault or Localhost, here or for the pod`);
  listOf(field(container, 'ports')).forEach((port, index) => {
    if (field(port, 'hostPort')) wrong.push(`${path}.ports[${index}].hostPort: expected none`);
  });
  return wrong;
}

/** What is asked alike of the security context of a pod and of a container. */
function contextLocations(context: Value, path: string): string[] {
  const wrong: string[] = [];
  if (field(context, 'runAsUser') === 0) wrong.push(`${path}.runAsUser: expected a user other than 0`);
  if (field(context, 'runAsNonRoot') === false) wrong.push(`${path}.runAsNonRoot: expected true`);
  const seccomp = field(context, 'seccompProfile', 'type');
  if (seccomp !== undefined && !SECCOMP.includes(String(seccomp)))
    wrong.push(`${path}.seccompProfile.type: expected RuntimeDefault or Localhost`);
  if (!SELINUX.includes(field(context, 'seLinuxOptions', 'type') as string | undefined))
    wrong.push(`${path}.seLinuxOptions.type: expected container_t, container_init_t or container_kvm_t`);
  for (const part of ['user', 'role'])
    if (field(context, 'seLinuxOptions', part)) wrong.push(`${path}.seLinuxOptions.${part}: expected none`);
  if (field(context, 'windowsOptions', 'hostProcess') === true)
    wrong.push(`${path}.windowsOptions.hostProcess: expected false`);
  return wrong;
}
