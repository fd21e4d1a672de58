import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../lib/index.ts';
import { parseConfig } from '../../lib/index.ts';
import { kubernetesProblems } from '../support/kubernetes-schema.ts';
import { restrictedProblems } from '../support/pod-security.ts';
import { type Manifest, only, synthesize } from '../support/synth.ts';

const full = readFileSync('test/fixtures/images_digests.full.yml', 'utf8');
const image = `quay.io/skopeo/stable@sha256:${'a'.repeat(64)}`;
type MirrorInput = Partial<NonNullable<ConfigInput['mirror']>>;
const objects = (mirror: MirrorInput = {}, registry: Partial<ConfigInput['registry']> = {}): Manifest[] =>
  synthesize(full, {
    apiVersion: 'ess-airgap/v1',
    registry: { server: 'localregistry.local', ...registry },
    mirror: { image, ...mirror },
  })['ess-mirror'] ?? [];
const jobOf = (mirror?: MirrorInput) => only(objects(mirror), 'Job');

const podSettings: MirrorInput[] = [
  { activeDeadlineSeconds: 3600 },
  { runAsUser: 'assigned' },
  { resources: { requests: { cpu: '1' } } },
  { nodeSelector: { 'node-role.kubernetes.io/infra': '' } },
  {
    tolerations: [
      { key: 'dedicated', value: 'mirror', effect: 'NoExecute', tolerationSeconds: 60 },
      { operator: 'Exists' },
    ],
  },
  { priorityClassName: 'low' },
  { podAnnotations: { 'sidecar.istio.io/inject': 'false' } },
  { podLabels: { 'example.org/team': 'chat' } },
];

test('whatever is configured, Kubernetes 1.28 and PodSecurity restricted accept it', () => {
  const inputs: MirrorInput[] = [
    {},
    { mode: 'verify', parallel: 16 },
    { shards: 5 },
    { shards: 100, kubernetesVersion: '1.33' },
    {
      caBundle: { source: 'secret', name: 'ca' },
      clientCertificates: [{ server: 'localregistry.local', name: 'client' }],
      proxy: { url: 'http://proxy.corp:3128', noProxy: ['.local', '10.0.0.0/8'] },
    },
  ];
  for (const input of [...inputs, ...podSettings, { egressCidrs: ['10.0.0.0/8', '2001:db8::/32'] }]) {
    const made = objects(input);
    expect(made.flatMap((manifest) => kubernetesProblems(manifest))).toEqual([]);
    expect(made.flatMap((manifest) => restrictedProblems(manifest))).toEqual([]);
  }
});

test('every setting that the pod acts on makes another Job', () => {
  const settings: MirrorInput[] = [
    {},
    { mode: 'verify' },
    { parallel: 5 },
    { shards: 2 },
    { shards: 2, kubernetesVersion: '1.28' },
    { insecure: ['localregistry.local'] },
    { caBundle: { source: 'configMap', name: 'ca' } },
    { caBundle: { source: 'configMap', name: 'ca', key: 'other.crt' } },
    { clientCertificates: [{ server: 'localregistry.local', name: 'client' }] },
    { proxy: { url: 'http://proxy.corp:3128' } },
    { auth: [{ server: 'docker.io', source: 'existing', name: 'docker' }] },
    ...podSettings,
  ];
  const names = settings.map((input) => jobOf(input).metadata.name);
  expect(new Set(names).size).toBe(settings.length);
  expect(names[1]).toMatch(/^ess-mirror-verify-[0-9a-f]{10}$/);
});

describe('retries', () => {
  const rules = (mirror: MirrorInput) =>
    jobOf(mirror).spec.podFailurePolicy.rules.map(
      ({ action, onExitCodes }: { action: string; onExitCodes?: { values: number[] } }) =>
        [action, onExitCodes?.values.join()].join(' ').trim(),
    );

  test('a Job of one pod ends with its permanent failures', () => {
    expect(rules({})).toEqual(['Ignore', 'FailJob 2,3']);
    expect(jobOf().spec).toMatchObject({ backoffLimit: 3 });
    expect(jobOf().spec.completionMode).toBeUndefined();
  });

  test('a shard never ends the others', () => {
    expect(rules({ shards: 4 })).toEqual(['Ignore', 'FailIndex 2,3']);
    expect(jobOf({ shards: 4 }).spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 4,
      parallelism: 4,
      backoffLimitPerIndex: 3,
    });
    expect(jobOf({ shards: 4 }).spec.backoffLimit).toBeUndefined();
    const older = { shards: 4, kubernetesVersion: '1.28' };
    expect(rules(older)).toEqual(['Ignore']);
    expect(jobOf(older).spec).toMatchObject({ backoffLimit: 12 });
    expect(jobOf(older).spec.backoffLimitPerIndex).toBeUndefined();
  });

  test('the API server drops an empty onPodConditions, and every apply would show a change', () => {
    expect(JSON.stringify(jobOf())).not.toContain('"onPodConditions":[]');
  });

  test('Kubernetes ends the Job after a day, or when the configuration says', () => {
    expect(jobOf().spec.activeDeadlineSeconds).toBe(86_400);
    expect(jobOf({ activeDeadlineSeconds: 7200 }).spec.activeDeadlineSeconds).toBe(7200);
  });
});

describe('the pod', () => {
  const podOf = (mirror?: MirrorInput) => jobOf(mirror).spec.template;

  test('has limits for everything that it uses, and room for its volume and its log', () => {
    const { containers, volumes } = podOf({ parallel: 16 }).spec;
    expect(containers[0].resources).toEqual({
      requests: { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '256Mi' },
      limits: { cpu: '2', memory: '4Gi', 'ephemeral-storage': '3Gi' },
    });
    const scratch = volumes.find(({ name }: { name: string }) => name === 'scratch');
    expect(scratch.emptyDir.sizeLimit).toBe('2Gi');
    const requests = { cpu: '1' };
    expect(podOf({ resources: { requests } }).spec.containers[0].resources).toEqual({ requests });
  });

  test('leaves its user to the cluster where that assigns one', () => {
    const ids = { runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532 };
    expect(podOf().spec.securityContext).toMatchObject(ids);
    expect(podOf({ runAsUser: 'assigned' }).spec.securityContext).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  test('goes where the configuration says, with its labels and annotations', () => {
    const mirror = Object.assign({}, ...podSettings) as MirrorInput;
    const { metadata, spec } = podOf(mirror);
    expect(spec).toMatchObject({
      nodeSelector: mirror.nodeSelector,
      tolerations: mirror.tolerations,
      priorityClassName: mirror.priorityClassName,
    });
    expect(metadata.annotations).toEqual(mirror.podAnnotations);
    expect(metadata.labels).toMatchObject({ ...mirror.podLabels, 'app.kubernetes.io/component': 'mirror' });
    const plain = podOf();
    expect(Object.keys(plain.metadata)).toEqual(['labels']);
    for (const key of ['nodeSelector', 'tolerations', 'priorityClassName'])
      expect(plain.spec[key]).toBeUndefined();
  });
});

test('the namespace enforces, audits and warns by the standard restricted', () => {
  const { labels } = only(objects(), 'Namespace').metadata;
  for (const mode of ['enforce', 'audit', 'warn'])
    expect(labels?.[`pod-security.kubernetes.io/${mode}`]).toBe('restricted');
});

describe('the NetworkPolicy', () => {
  const ports = (mirror?: MirrorInput, registry?: Partial<ConfigInput['registry']>) =>
    only(objects(mirror, registry), 'NetworkPolicy').spec.egress[1].ports.map(
      ({ port }: { port: number }) => port,
    );

  test('lets nobody in and selects the pods of the Job', () => {
    const { spec } = only(objects(), 'NetworkPolicy');
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(spec.ingress).toBeUndefined();
    expect(jobOf().spec.template.metadata.labels).toMatchObject(spec.podSelector.matchLabels);
    expect(spec.egress[0].ports).toEqual([
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
      { port: 5353, protocol: 'UDP' },
      { port: 5353, protocol: 'TCP' },
    ]);
  });

  test('lets out to the ports of the registries', () => {
    expect(ports()).toEqual([443]);
    expect(ports({}, { server: 'nodes.example:1', pushServer: 'push.example:5000' })).toEqual([443, 5000]);
    expect(ports({ insecure: ['localregistry.local'] })).toEqual([80, 443]);
    expect(ports({ egressPorts: [8443] })).toEqual([443, 8443]);
  });

  test('and to no other network than those that are named, except to name servers', () => {
    const { egress } = only(
      objects({ egressCidrs: ['10.20.0.0/16', '2001:db8::/32'] }),
      'NetworkPolicy',
    ).spec;
    expect(egress[0].to).toBeUndefined();
    expect(egress[1].to).toEqual([
      { ipBlock: { cidr: '10.20.0.0/16' } },
      { ipBlock: { cidr: '2001:db8::/32' } },
    ]);
    expect(only(objects(), 'NetworkPolicy').spec.egress[1].to).toBeUndefined();
  });

  test('with a proxy to that, and to who is reached without it', () => {
    const proxy = { url: 'http://proxy.corp:3128' };
    const behind = (...noProxy: string[]) =>
      ports({ proxy: { ...proxy, noProxy } }, { server: 'local.corp:5000' });
    expect(behind()).toEqual([3128]);
    // The token server of the target is another host, on the port of HTTPS.
    expect(behind('.corp')).toEqual([443, 3128, 5000]);
    expect(behind('local.corp:5001')).toEqual([3128]);
    expect(behind('docker.io')).toEqual([443, 3128]);
    const env = jobOf({ proxy: { ...proxy, noProxy: ['.corp', '10.0.0.0/8'] } }).spec.template.spec
      .containers[0].env;
    expect(env).toEqual(
      expect.arrayContaining([
        { name: 'HTTPS_PROXY', value: proxy.url },
        { name: 'HTTP_PROXY', value: proxy.url },
        { name: 'NO_PROXY', value: '.corp,10.0.0.0/8' },
      ]),
    );
  });
});

test('the Secret for the server of its own image serves to pull it', () => {
  const auth = [{ server: 'quay.io', source: 'existing' as const, name: 'quay' }];
  expect(jobOf({ auth }).spec.template.spec.imagePullSecrets).toEqual([{ name: 'quay' }]);
  expect(jobOf().spec.template.spec.imagePullSecrets).toBeUndefined();
});

describe('what airgap.yaml must not say', () => {
  const errorOf = (mirror: string): string => {
    try {
      parseConfig(
        `apiVersion: ess-airgap/v1\nregistry: { server: a.b }\nmirror:\n  image: ${image}\n  ${mirror}\n`,
        'airgap.yaml',
      );
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('it was accepted');
  };

  test.each([
    ['platforms: linux/amd64', 'mirror.platforms is "linux/amd64"; expected all or a list'],
    ['platforms: al', 'Did you mean all?'],
    ['platforms: { linux: amd64 }', 'mirror.platforms is a mapping; expected all or a list'],
    ['platforms: []', 'expected at least one entry'],
    [
      'platforms: [linux/x86_64]',
      'mirror.platforms.0 "linux/x86_64" is not valid: expected linux/ and one of 386, amd64',
    ],
    ['platforms: [amd64]', 'expected linux/ and one of'],
    ['platforms: [linux/arm/]', 'with an optional variant, such as linux/arm/v7'],
    ['platforms: [linux/arm/v7/x]', 'expected linux/ and one of'],
    ['platforms: [windows/amd64]', 'expected linux/ and one of'],
    ['parallel: 0', 'expected a whole number from 1 to 32'],
    ['parallel: 2.5', 'expected a whole number from 1 to 32'],
    ['shards: 101', 'expected a whole number from 1 to 100'],
    ['kubernetesVersion: 1.27', '1.28 or later'],
    ['mode: check', 'expected copy or verify'],
    ['proxy: { url: proxy.corp }', 'expected http://host:port'],
    ['caBundle: { source: file, name: x }', 'expected configMap or secret'],
    ['egressPorts: [0]', 'expected a whole number from 1 to 65535'],
    ['egressCidrs: [10.0.0.0]', 'expected a network such as 10.0.0.0/8'],
    ['egressCidrs: [10.0.0.0/33]', 'expected a network such as 10.0.0.0/8'],
    ['egressCidrs: [registry.local/8]', 'expected a network such as 10.0.0.0/8'],
    ['activeDeadlineSeconds: 1', 'expected a whole number from 60 to 2592000'],
    ['runAsUser: 1000', 'expected fixed or assigned'],
    ['resources: { limits: { cpu: lots } }', 'expected a quantity such as 500m, 2 or 512Mi'],
    ['resources: { limit: { cpu: 1 } }', 'unknown key "limit"; expected requests, limits'],
    ['nodeSelector: { "a b": c }', '"a b": expected a name such as team or example.org/team'],
    ['nodeSelector: { a: -b }', 'expected at most 63 letters'],
    ['tolerations: [{ effect: noSchedule }]', 'Did you mean NoSchedule?'],
    ['podLabels: { app.kubernetes.io/name: x }', 'ess-airgap sets this label itself'],
    ['priorityClassName: High', 'expected a name of at most 253 characters from a-z'],
  ])('%s', (mirror, message) => expect(errorOf(mirror)).toContain(message));

  test('a proxy with a password, which is not repeated', () => {
    const message = errorOf('proxy: { url: "http://user:fake-secret@proxy.corp:3128" }');
    expect(message).toContain('airgap.yaml:5:17');
    expect(message).toContain('a proxy with credentials is not supported:');
    expect(message).not.toContain('fake-secret');
  });
});
