import { readFileSync } from 'node:fs';
import { App, Chart, Testing } from 'cdk8s';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import {
  type ConfigInput,
  DigestsConfigMap,
  defineConfig,
  MirrorJob,
  makePlan,
  parseDigests,
  RegistrySecret,
} from '../../lib/index.ts';
import { kubernetesProblems } from '../support/kubernetes-schema.ts';
import { restrictedProblems } from '../support/pod-security.ts';
import { type Manifest, only, synthesize } from '../support/synth.ts';

const article = readFileSync('test/fixtures/images_digests.article.yml', 'utf8');
const full = readFileSync('test/fixtures/images_digests.full.yml', 'utf8');
const image = `quay.io/skopeo/stable@sha256:${'a'.repeat(64)}`;
const environment = { ESS_AIRGAP_PULL_USERNAME: 'u', ESS_AIRGAP_PULL_PASSWORD: 'p', A: 'a', B: 'b' };
const config = (input: Partial<ConfigInput> = {}): ConfigInput => ({
  apiVersion: 'ess-airgap/v1',
  registry: { server: 'localregistry.local', path: 'elementdeployment' },
  ...input,
});
const everything = config({
  registry: { server: 'localregistry.local', pushServer: 'push.local:5000', path: 'elementdeployment' },
  pullSecret: { name: 'localregistry', source: 'env' },
  mirror: {
    image,
    insecure: ['push.local:5000'],
    auth: [
      {
        server: 'gitlab-registry.matrix.org/ems-image-store',
        source: 'env',
        usernameEnv: 'A',
        passwordEnv: 'B',
      },
      { server: 'docker.io', source: 'existing', name: 'docker-hub' },
      { server: 'push.local:5000', source: 'existing', name: 'push' },
    ],
  },
});

test("the article's example gives the article's ConfigMap, with all four keys", () => {
  const configMap = only(synthesize(article, config())['ess-images'] ?? [], 'ConfigMap');
  expect(configMap.metadata).toMatchObject({ name: 'ess-images-digests', namespace: 'element-onprem' });
  const container = (digest: string, path: string, tag: string) => ({
    image_digest: `sha256:${digest}`,
    image_repository_path: `elementdeployment/${path}`,
    image_repository_server: 'localregistry.local',
    image_tag: tag,
  });
  const bot = {
    access_element_web: container(
      '1e7e1503ff73ae01af72dd27d9be387667dbbbcc53870ca02b3b02a1890696a9',
      'ems-image-store/enterprise/access-token-elementweb',
      'v1.11.45',
    ),
    haproxy: container(
      '75fc37d6372cc22410bdd6ad0191a8dfeababef2a7d8d585694f21b73c2bb3d6',
      'library/haproxy',
      '2.8-alpine',
    ),
    pipe: container(
      'fdef296a8cc72a6deba2f879ddc8cc94da8a49027c5da6627ababd100efa9e57',
      'ems-image-store/enterprise/pipe',
      '2.7.0',
    ),
  };
  expect(load(configMap.data?.images_digests ?? '')).toEqual({ adminbot: bot, auditbot: bot });
});

describe('every object', () => {
  const charts = synthesize(full, everything, environment);
  const objects = Object.values(charts).flat();

  test('is what Kubernetes 1.28 accepts, and passes PodSecurity restricted', () => {
    expect(objects.flatMap((manifest) => kubernetesProblems(manifest))).toEqual([]);
    expect(objects.flatMap((manifest) => restrictedProblems(manifest))).toEqual([]);
    expect(objects.map(({ kind }) => kind)).toEqual([
      'ConfigMap',
      'Namespace',
      'NetworkPolicy',
      'ServiceAccount',
      'ConfigMap',
      'Job',
      'Secret',
      'Secret',
    ]);
  });

  test('carries the recommended labels and the hash of the plan', () => {
    const hashes = new Set<string | undefined>();
    for (const { kind, metadata } of objects) {
      const hash = metadata.annotations?.['ess-airgap/plan-hash'];
      if (kind === 'Secret') expect(hash).toBeUndefined();
      else hashes.add(hash);
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'ess-airgap',
        'app.kubernetes.io/managed-by': 'ess-airgap',
      });
    }
    expect([...hashes]).toEqual([expect.stringMatching(/^sha256:[0-9a-f]{64}$/)]);
  });
});

describe('the mirror', () => {
  const charts = (input: ConfigInput = everything, digests = full) => synthesize(digests, input, environment);
  const mirrorOf = (input?: ConfigInput, digests?: string): Manifest[] =>
    charts(input, digests)['ess-mirror'] ?? [];

  test('is not there where nobody asked for it, nor are secrets', () => {
    expect(Object.keys(synthesize(full, config()))).toEqual(['ess-images']);
  });

  test('is named by what it does: another plan or script is another Job, an unchanged one the same', () => {
    const name = (input?: ConfigInput, digests?: string) =>
      only(mirrorOf(input, digests), 'Job').metadata.name;
    expect(name()).toMatch(/^ess-mirror-[0-9a-f]{10}$/);
    expect(name()).toBe(name());
    expect(name(everything, article)).not.toBe(name());
    const other = config({
      ...everything,
      mirror: { ...everything.mirror, image: `quay.io/x@sha256:${'b'.repeat(64)}` },
    });
    expect(name(other)).not.toBe(name());
  });

  test('gives each image the credential for its server and no other', () => {
    const plan = only(mirrorOf(), 'ConfigMap').data?.['images-000.plan']?.split('\n') ?? [];
    const fields = (name: string) =>
      plan
        .find((line) => line.includes(name))
        ?.split(' ')
        .slice(3, 5);
    expect(fields('docker.io/library/haproxy')).toEqual(['docker-hub', 'push']);
    expect(fields('gitlab-registry.matrix.org/ems-image-store/enterprise/pipe')).toEqual([
      'ess-mirror-auth',
      'push',
    ]);
    expect(fields('ghcr.io/element-hq/docker-icap')).toEqual(['-', 'push']);
    // The pull Secret is the nodes': the Job does not mount it.
    const { volumes } = only(mirrorOf(), 'Job').spec.template.spec;
    expect(JSON.stringify(volumes)).not.toContain('"localregistry"');
  });

  test('in the namespace of the deployment creates no namespace', () => {
    const kinds = mirrorOf({ ...everything, mirror: { image, namespace: 'element-onprem' } }).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(['NetworkPolicy', 'ServiceAccount', 'ConfigMap', 'Job']);
  });

  test('a plan too large for one ConfigMap is split, and each part fits kubectl apply', () => {
    const many = Array.from(
      { length: 4000 },
      (_, i) =>
        `c${i}: {x: {image_repository_server: docker.io, image_repository_path: x/y${i}, image_tag: "1", image_digest: "sha256:${'a'.repeat(64)}"}}`,
    );
    const objects = mirrorOf(everything, many.join('\n'));
    const configMaps = objects.filter(({ kind }) => kind === 'ConfigMap');
    expect(configMaps.length).toBeGreaterThan(2);
    expect(configMaps.flatMap((manifest) => kubernetesProblems(manifest))).toEqual([]);
    for (const { data } of configMaps) expect(JSON.stringify(data).length).toBeLessThan(256 * 1024);
    const lines = configMaps.flatMap(({ data }) =>
      Object.entries(data ?? {})
        .filter(([key]) => key.endsWith('.plan'))
        .flatMap(([, text]) => text.split('\n')),
    );
    expect(lines.filter((line) => line.startsWith('sha256:'))).toHaveLength(4000);
    const { args } = only(objects, 'Job').spec.template.spec.containers[0];
    expect(args).toEqual(configMaps.map((_, i) => `/etc/ess-airgap/images-00${i}.plan`));
  });
});

test('the constructs serve in the chart of another app', () => {
  const app = new App();
  const chart = new Chart(app, 'mine', { namespace: 'ignored', labels: { team: 'chat' } });
  const plan = makePlan(parseDigests(article, 'd.yml'), defineConfig(config()));
  new DigestsConfigMap(chart, 'digests', { plan, namespace: 'chat', name: 'digests' });
  new MirrorJob(chart, 'mirror', { plan, namespace: 'chat', image });
  new RegistrySecret(chart, 'secret', {
    name: 's',
    namespace: 'chat',
    component: 'pull',
    logins: [{ server: 'a.b', username: 'u', password: 'p"\\ü' }],
  });
  const manifests = Testing.synth(chart) as Manifest[];
  expect(
    manifests.flatMap((manifest) => [...kubernetesProblems(manifest), ...restrictedProblems(manifest)]),
  ).toEqual([]);
  expect(manifests.map(({ metadata }) => [metadata.namespace, metadata.labels?.team])).toEqual(
    Array(5).fill(['chat', 'chat']),
  );
  const docker = JSON.parse(
    Buffer.from(only(manifests, 'Secret').data?.['.dockerconfigjson'] ?? '', 'base64').toString(),
  );
  expect(docker).toEqual({
    auths: { 'a.b': { username: 'u', password: 'p"\\ü', auth: Buffer.from('u:p"\\ü').toString('base64') } },
  });
});
