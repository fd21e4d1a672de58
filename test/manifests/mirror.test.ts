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
  for (const input of inputs) {
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
    { shards: 2, kubernetesVersion: '1.29' },
    { insecure: ['localregistry.local'] },
    { caBundle: { source: 'configMap', name: 'ca' } },
    { caBundle: { source: 'configMap', name: 'ca', key: 'other.crt' } },
    { clientCertificates: [{ server: 'localregistry.local', name: 'client' }] },
    { proxy: { url: 'http://proxy.corp:3128' } },
    { auth: [{ server: 'docker.io', source: 'existing', name: 'docker' }] },
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
    expect(rules({ shards: 4 })).toEqual(['Ignore']);
    expect(jobOf({ shards: 4 }).spec).toMatchObject({
      completionMode: 'Indexed',
      completions: 4,
      parallelism: 4,
      backoffLimit: 12,
    });
    const newer = { shards: 4, kubernetesVersion: '1.29' };
    expect(rules(newer)).toEqual(['Ignore', 'FailIndex 2,3']);
    expect(jobOf(newer).spec).toMatchObject({ backoffLimitPerIndex: 3 });
    expect(jobOf(newer).spec.backoffLimit).toBeUndefined();
  });
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

  test('with a proxy to that, and to who is reached without it', () => {
    const proxy = { url: 'http://proxy.corp:3128' };
    expect(ports({ proxy }, { server: 'local.corp:5000' })).toEqual([3128, 5000]);
    expect(ports({ proxy: { ...proxy, noProxy: ['docker.io'] } }, { server: 'local.corp:5000' })).toEqual([
      443, 3128, 5000,
    ]);
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
    ['platforms: []', 'expected one at least'],
    [
      'platforms: [linux/x86_64]',
      'mirror.platforms.0 "linux/x86_64" is not legal: expected linux/ and one of 386, amd64',
    ],
    ['platforms: [amd64]', 'expected linux/ and one of'],
    ['platforms: [linux/arm/]', 'with a variant if need be, such as linux/arm/v7'],
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
  ])('%s', (mirror, message) => expect(errorOf(mirror)).toContain(message));

  test('a proxy with a password, which is not repeated', () => {
    const message = errorOf('proxy: { url: "http://user:fake-secret@proxy.corp:3128" }');
    expect(message).toContain('airgap.yaml:5:17');
    expect(message).toContain('a proxy that wants credentials is not supported');
    expect(message).not.toContain('fake-secret');
  });
});
