import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { RULES } from '../../lib/validation/rules.ts';
import { restrictedProblems } from '../support/pod-security.ts';

const digest = `@sha256:${'a'.repeat(64)}`;

/** The places that a rule finds. */
function broken(name: string, manifest: unknown, committed = true): string[] {
  const rule = RULES.find((rule) => rule.name === name);
  if (!rule) throw new Error(`there is no rule ${name}`);
  return rule.locations(manifest, { committed });
}

const job = () => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'mirror', namespace: 'ess-mirror', labels: { 'app.kubernetes.io/name': 'x' } },
  spec: {
    template: {
      metadata: { labels: {} as Record<string, unknown> },
      spec: {
        restartPolicy: 'Never',
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } as Record<
          string,
          unknown
        >,
        containers: [
          {
            name: 'a',
            image: `quay.io/a/b:1${digest}`,
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } as Record<
              string,
              unknown
            >,
          } as Record<string, unknown>,
        ],
        volumes: [{ name: 'x', emptyDir: {} }] as Record<string, unknown>[],
      } as Record<string, unknown> & {
        containers: Record<string, unknown>[];
        volumes: Record<string, unknown>[];
      },
    },
  },
});
type Job = ReturnType<typeof job>;
const context = (made: Job) =>
  made.spec.template.spec.containers[0]?.securityContext as Record<string, unknown>;
const podContext = (made: Job) => made.spec.template.spec.securityContext as Record<string, unknown>;

test('what ess-airgap synthesises breaks no rule', () => {
  const objects = ['ess-images', 'ess-mirror'].flatMap((name) =>
    loadAll(readFileSync(`dist/${name}.k8s.yaml`, 'utf8')),
  );
  expect(objects.length).toBeGreaterThan(4);
  for (const { locations } of RULES)
    expect(objects.flatMap((object) => locations(object, { committed: true }))).toEqual([]);
});

describe('no-plain-secret', () => {
  const secret = (fields: object) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'a' },
    ...fields,
  });

  test('values of a Secret in a committed file; never the values themselves', () => {
    const plain = secret({ data: { token: 'aHVudGVyMg==' }, stringData: { user: 'hunter2' } });
    expect(broken('no-plain-secret', plain)).toEqual(['data.token', 'stringData.user']);
    expect(broken('no-plain-secret', plain, false)).toEqual([]);
  });

  test('a Secret without values, one that SOPS encrypted, and another kind', () => {
    expect(broken('no-plain-secret', secret({ type: 'kubernetes.io/service-account-token' }))).toEqual([]);
    expect(broken('no-plain-secret', { kind: 'ConfigMap', data: { a: 'b' } })).toEqual([]);
    for (const object of loadAll(readFileSync('examples/sops/secrets/mirror.yaml', 'utf8'))) {
      expect(object).toMatchObject({ kind: 'Secret' });
      expect(broken('no-plain-secret', object)).toEqual([]);
    }
    const half = secret({ sops: {}, data: { a: 'ENC[AES256_GCM,data:x]', b: 'aHVudGVyMg==' } });
    expect(broken('no-plain-secret', half)).toEqual(['data.b']);
    expect(broken('no-plain-secret', secret({ data: { a: 'ENC[x]' } }))).toEqual(['data.a']);
  });
});

test('image-pinned: init containers, and workloads of every kind', () => {
  const pod = {
    containers: [{ image: 'a/b:1' }, { image: `a/b${digest}` }],
    initContainers: [{ image: 'a/b' }, {}],
  };
  const places = (path: string) =>
    ['initContainers[0]', 'initContainers[1]', 'containers[0]'].map((at) => `${path}.${at}.image`);
  expect(broken('image-pinned', { kind: 'Pod', spec: pod })).toEqual(places('spec'));
  expect(broken('image-pinned', { kind: 'Deployment', spec: { template: { spec: pod } } })).toEqual(
    places('spec.template.spec'),
  );
  const cron = { kind: 'CronJob', spec: { jobTemplate: { spec: { template: { spec: pod } } } } };
  expect(broken('image-pinned', cron)).toEqual(places('spec.jobTemplate.spec.template.spec'));
});

describe('pod-security-restricted agrees with the reference of the tests', () => {
  const changes: [string, (made: Job) => void][] = [
    ['nothing', () => {}],
    ['hostNetwork', (made) => Object.assign(made.spec.template.spec, { hostNetwork: true })],
    ['hostPID', (made) => Object.assign(made.spec.template.spec, { hostPID: true })],
    ['hostPath', (made) => made.spec.template.spec.volumes.push({ name: 'h', hostPath: { path: '/' } })],
    ['no volume type', (made) => made.spec.template.spec.volumes.push({ name: 'h' })],
    [
      'sysctl',
      (made) => Object.assign(podContext(made), { sysctls: [{ name: 'kernel.msgmax', value: '1' }] }),
    ],
    ['root', (made) => Object.assign(podContext(made), { runAsUser: 0 })],
    ['root in the container', (made) => Object.assign(context(made), { runAsUser: 0 })],
    ['not non-root', (made) => Object.assign(podContext(made), { runAsNonRoot: undefined })],
    ['non-root: false in the container', (made) => Object.assign(context(made), { runAsNonRoot: false })],
    ['no seccomp', (made) => Object.assign(podContext(made), { seccompProfile: undefined })],
    [
      'seccomp unconfined',
      (made) => Object.assign(context(made), { seccompProfile: { type: 'Unconfined' } }),
    ],
    ['SELinux type', (made) => Object.assign(podContext(made), { seLinuxOptions: { type: 'spc_t' } })],
    ['SELinux user', (made) => Object.assign(context(made), { seLinuxOptions: { user: 'u' } })],
    ['host process', (made) => Object.assign(context(made), { windowsOptions: { hostProcess: true } })],
    ['privileged', (made) => Object.assign(context(made), { privileged: true })],
    ['escalation', (made) => Object.assign(context(made), { allowPrivilegeEscalation: undefined })],
    ['capabilities', (made) => Object.assign(context(made), { capabilities: { drop: ['NET_RAW'] } })],
    [
      'added',
      (made) => Object.assign(context(made), { capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }),
    ],
    [
      'legally added',
      (made) => Object.assign(context(made), { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }),
    ],
    ['procMount', (made) => Object.assign(context(made), { procMount: 'Unmasked' })],
    [
      'hostPort',
      (made) => Object.assign(made.spec.template.spec.containers[0] ?? {}, { ports: [{ hostPort: 1 }] }),
    ],
    [
      'no context',
      (made) => Object.assign(made.spec.template.spec.containers[0] ?? {}, { securityContext: undefined }),
    ],
  ];
  test.each(changes)('%s', (_, change) => {
    const made = job();
    change(made);
    const found = broken('pod-security-restricted', made);
    expect(found.length > 0).toBe(restrictedProblems(made).length > 0);
    for (const place of found) expect(place).toMatch(/^spec\.template\.spec\.\S+: expected /);
  });
});

test('legal-names', () => {
  const named = (kind: string, metadata: object) => broken('legal-names', { kind, metadata });
  expect(named('ConfigMap', { name: 'a.b-c', namespace: 'x', labels: { 'a.b/c': 'D_e.f', g: '' } })).toEqual(
    [],
  );
  expect(named('ClusterRole', { name: 'system:node' })).toEqual([]);
  expect(named('Pod', { generateName: 'a-' })).toEqual([]);
  expect(named('ConfigMap', {})).toEqual(['metadata.name']);
  expect(named('ConfigMap', { name: 'A' })).toEqual(['metadata.name']);
  expect(named('Namespace', { name: 'a.b' })).toEqual(['metadata.name']);
  expect(named('Job', { name: 'a'.repeat(64) })).toEqual(['metadata.name']);
  expect(named('ConfigMap', { name: 'a', namespace: 'x_y' })).toEqual(['metadata.namespace']);
  const labels = { 'x y': 'a', 'a/b/c': 'a', '/a': 'a', a: '-b', b: 'c'.repeat(64), n: 1 };
  expect(named('ConfigMap', { name: 'a', labels })).toEqual(
    Object.keys(labels).map((key) => `metadata.labels.${key}`),
  );
  const made = job();
  made.spec.template.metadata.labels = { app: 'not legal' };
  expect(broken('legal-names', made)).toEqual(['spec.template.metadata.labels.app']);
});
