import { expect, test } from 'vitest';
import { restrictedProblems } from './pod-security.ts';

const context = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
const container = { name: 'copy', image: 'skopeo', securityContext: context };
const spec = { containers: [container], volumes: [{ name: 'tmp', emptyDir: {} }] };
const template = { metadata: {}, spec };

const job = (pod: object) => ({
  kind: 'Job',
  metadata: { name: 'mirror' },
  spec: { template: { ...template, ...pod } },
});
const withSpec = (fields: object) => job({ spec: { ...spec, ...fields } });
const withContext = (fields: object) => withSpec({ securityContext: fields });
const withContainer = (fields: object) => withSpec({ containers: [{ ...container, ...fields }] });
const withContainerContext = (fields: object) =>
  withContainer({ securityContext: { ...context, ...fields } });

const { runAsNonRoot, seccompProfile, ...own } = context;

test.each([
  ['a Job', job({})],
  ['a Pod', { kind: 'Pod', spec }],
  ['a CronJob', { kind: 'CronJob', spec: { jobTemplate: { spec: { template } } } }],
  ['a Deployment', { kind: 'Deployment', spec: { template } }],
  ['a ConfigMap, which has no pod', { kind: 'ConfigMap' }],
  ['no manifest', undefined],
  [
    'a container that leaves to its pod what it may',
    withSpec({
      securityContext: { runAsNonRoot, seccompProfile },
      containers: [{ ...container, securityContext: own }],
    }),
  ],
  ['NET_BIND_SERVICE', withContainerContext({ capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } })],
  ['a safe sysctl', withContext({ sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] })],
  [
    'a Localhost profile',
    withContainerContext({ seccompProfile: { type: 'Localhost', localhostProfile: 'a' } }),
  ],
  ['an SELinux level', withContext({ seLinuxOptions: { type: 'container_t', level: 's0' } })],
])('%s passes', (_, manifest) => {
  expect(restrictedProblems(manifest)).toEqual([]);
});

const first = 'containers[0]';
const apparmor = 'container.apparmor.security.beta.kubernetes.io/copy';

test.each<[at: string, manifest: object]>([
  // Baseline
  ['spec.hostNetwork', withSpec({ hostNetwork: true })],
  ['spec.hostPID', withSpec({ hostPID: true })],
  ['spec.hostIPC', withSpec({ hostIPC: true })],
  ['spec.securityContext.windowsOptions.hostProcess', withContext({ windowsOptions: { hostProcess: true } })],
  [
    `spec.${first}.securityContext.windowsOptions.hostProcess`,
    withContainerContext({ windowsOptions: { hostProcess: true } }),
  ],
  [`spec.${first}.securityContext.privileged`, withContainerContext({ privileged: true })],
  [`spec.${first}.ports[0].hostPort`, withContainer({ ports: [{ containerPort: 80, hostPort: 80 }] })],
  [`metadata.annotations["${apparmor}"]`, job({ metadata: { annotations: { [apparmor]: 'unconfined' } } })],
  ['spec.securityContext.seLinuxOptions.type', withContext({ seLinuxOptions: { type: 'spc_t' } })],
  ['spec.securityContext.seLinuxOptions.user', withContext({ seLinuxOptions: { user: 'root' } })],
  [
    `spec.${first}.securityContext.seLinuxOptions.role`,
    withContainerContext({ seLinuxOptions: { role: 'r' } }),
  ],
  [`spec.${first}.securityContext.procMount`, withContainerContext({ procMount: 'Unmasked' })],
  ['spec.securityContext.sysctls[0].name', withContext({ sysctls: [{ name: 'kernel.msgmax', value: '1' }] })],
  ['spec.volumes[0].hostPath', withSpec({ volumes: [{ name: 'host', hostPath: { path: '/' } }] })],
  // Restricted
  ['spec.volumes[0].nfs', withSpec({ volumes: [{ name: 'nfs', nfs: { server: 'a', path: '/' } }] })],
  ['spec.volumes[0]', withSpec({ volumes: [{ name: 'nothing' }] })],
  [
    `spec.${first}.securityContext.allowPrivilegeEscalation`,
    withContainerContext({ allowPrivilegeEscalation: true }),
  ],
  [
    `spec.${first}.securityContext.allowPrivilegeEscalation`,
    withContainerContext({ allowPrivilegeEscalation: undefined }),
  ],
  ['spec.securityContext.runAsNonRoot', withContext({ runAsNonRoot: false })],
  [`spec.${first}.securityContext.runAsNonRoot`, withContainerContext({ runAsNonRoot: false })],
  [`spec.${first}.securityContext.runAsNonRoot`, withContainerContext({ runAsNonRoot: undefined })],
  ['spec.securityContext.runAsUser', withContext({ runAsUser: 0 })],
  [`spec.${first}.securityContext.runAsUser`, withContainerContext({ runAsUser: 0 })],
  ['spec.securityContext.seccompProfile.type', withContext({ seccompProfile: { type: 'Unconfined' } })],
  [
    `spec.${first}.securityContext.seccompProfile.type`,
    withContainerContext({ seccompProfile: { type: 'Unconfined' } }),
  ],
  [`spec.${first}.securityContext.seccompProfile`, withContainerContext({ seccompProfile: undefined })],
  [
    `spec.${first}.securityContext.capabilities.drop`,
    withContainerContext({ capabilities: { drop: ['KILL'] } }),
  ],
  [
    `spec.${first}.securityContext.capabilities.add`,
    withContainerContext({ capabilities: { drop: ['ALL'], add: ['CHOWN'] } }),
  ],
])('%s is refused', (at, manifest) => {
  const problems = restrictedProblems(manifest);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`Job/mirror: spec.template.${at}: `);
});

test.each(['initContainers', 'ephemeralContainers'])('%s are held to it too', (list) => {
  const problems = restrictedProblems(withSpec({ [list]: [{ name: 'bare' }] }));
  const fields = ['allowPrivilegeEscalation', 'capabilities.drop', 'runAsNonRoot', 'seccompProfile'];
  const head = `Job/mirror: spec.template.spec.${list}[0].securityContext.`;
  expect(problems.map((problem) => problem.replace(/: [^:]*$/, ''))).toEqual(
    fields.map((field) => head + field),
  );
});

test('a workload without its pod does not pass unseen', () => {
  expect(restrictedProblems({ kind: 'Job', metadata: { name: 'a' }, spec: {} })).toEqual([
    'Job/a: has no pod to check',
  ]);
});
