import { readFileSync } from 'node:fs';
import { ApiObject, App, Chart, JsonPatch, Testing } from 'cdk8s';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import {
  type ConfigInput,
  DigestsConfigMap,
  defineConfig,
  MirrorJob,
  MirrorNamespace,
  MirrorNetworkPolicy,
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
      'ConfigMap',
      'ServiceAccount',
      'ConfigMap',
      'NetworkPolicy',
      'Job',
      'Secret',
      'Secret',
    ]);
  });

  test('carries the recommended labels; the hash of the plan is where another plan makes another object', () => {
    for (const { metadata } of objects) {
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'ess-airgap',
        'app.kubernetes.io/managed-by': 'ess-airgap',
      });
    }
    const withHash = objects.filter(({ metadata }) => metadata.annotations?.['ess-airgap/plan-hash']);
    expect(
      withHash.map(({ kind, metadata }) => [kind, metadata.name.replace(/[0-9a-f]{10}$/, 'HASH')]),
    ).toEqual([
      ['ConfigMap', 'ess-images-digests'],
      ['ConfigMap', 'ess-mirror-plan-HASH'],
      ['Job', 'ess-mirror-HASH'],
    ]);
    // Nothing else changes with a release.
    const unchanged = (release: string) =>
      Object.values(synthesize(release, everything, environment))
        .flat()
        .filter(({ metadata }) => !metadata.annotations?.['ess-airgap/plan-hash']);
    expect(unchanged(article)).toEqual(unchanged(full));
  });

  test('a deployment with a name says so in a label, by which its objects are told apart', () => {
    const named = (input: Partial<ConfigInput>) =>
      Object.values(synthesize(full, { ...everything, ...input }, environment)).flat();
    const instance = (object: Manifest) => object.metadata.labels?.['app.kubernetes.io/instance'];
    expect(new Set(named({ name: 'staging' }).map(instance))).toEqual(new Set(['ess-airgap-staging']));
    expect(new Set(named({}).map(instance))).toEqual(new Set([undefined]));
    // Argo CD may keep its own there, but of pods it does not.
    const argocd = named({ name: 'staging', gitops: 'argocd' });
    expect(new Set(argocd.map(instance))).toEqual(new Set([undefined]));
    const pod = (made: Manifest[]) => only(made, 'Job').spec.template.metadata.labels;
    expect(pod(argocd)).toEqual(pod(named({ name: 'staging' })));
    expect(pod(argocd)['app.kubernetes.io/instance']).toBe('ess-airgap-staging');
  });

  test('nothing but the mirror has the component mirror', () => {
    const components = objects.map(({ kind, metadata }) => [
      kind,
      metadata.namespace ?? metadata.name,
      metadata.labels?.['app.kubernetes.io/component'],
    ]);
    for (const [, namespace, component] of components)
      expect(component === 'mirror').toBe(namespace === 'ess-mirror');
  });

  test('what is named by its content is immutable', () => {
    const immutable = objects.filter((object) => 'immutable' in object).map(({ metadata }) => metadata.name);
    expect(immutable).toEqual([
      expect.stringMatching(/^ess-mirror-plan-[0-9a-f]{10}$/),
      expect.stringMatching(/^ess-mirror-script-[0-9a-f]{10}$/),
    ]);
  });
});

describe('the mirror', () => {
  const charts = (input: ConfigInput = everything, digests = full) => synthesize(digests, input, environment);
  const mirrorOf = (input?: ConfigInput, digests?: string): Manifest[] =>
    charts(input, digests)['ess-mirror'] ?? [];

  const planOf = (made: readonly Manifest[]) =>
    made.filter(({ metadata }) => metadata.name.startsWith('ess-mirror-plan-'));

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
    const plan = planOf(mirrorOf())[0]?.data?.['images-000.plan']?.split('\n') ?? [];
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
    expect(kinds).toEqual(['ConfigMap', 'ServiceAccount', 'ConfigMap', 'NetworkPolicy', 'Job']);
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
    expect(args).toEqual(planOf(objects).map((_, i) => `/etc/ess-airgap/images-00${i}.plan`));
  });
});

describe('the constructs in the chart of another app', () => {
  const plan = makePlan(parseDigests(article, 'd.yml'), defineConfig(config()));
  const login = { server: 'a.b', username: 'u', password: 'p"\\ü' };
  const secret = { name: 's', component: 'pull', logins: [login] };

  test('honour its namespace and labels, also in pods', () => {
    const chart = new Chart(Testing.app(), 'mine', { namespace: 'chat', labels: { team: 'chat' } });
    new DigestsConfigMap(chart, 'digests', { plan, name: 'digests' });
    new MirrorJob(chart, 'mirror', { plan, image });
    new RegistrySecret(chart, 'secret', secret);
    const manifests = Testing.synth(chart) as Manifest[];
    expect(
      manifests.flatMap((manifest) => [...kubernetesProblems(manifest), ...restrictedProblems(manifest)]),
    ).toEqual([]);
    expect(manifests.map(({ metadata }) => [metadata.namespace, metadata.labels?.team])).toEqual(
      Array(6).fill(['chat', 'chat']),
    );
    expect(only(manifests, 'Job').spec.template.metadata.labels.team).toBe('chat');
    const docker = JSON.parse(
      Buffer.from(only(manifests, 'Secret').data?.['.dockerconfigjson'] ?? '', 'base64').toString(),
    );
    const auth = Buffer.from('u:p"\\ü').toString('base64');
    expect(docker).toEqual({ auths: { 'a.b': { username: 'u', password: 'p"\\ü', auth } } });
  });

  test('a namespace of their own wins over that of the chart', () => {
    const chart = new Chart(new App(), 'mine', { namespace: 'chat' });
    new DigestsConfigMap(chart, 'digests', { plan, namespace: 'element-onprem' });
    expect((Testing.synth(chart) as Manifest[])[0]?.metadata.namespace).toBe('element-onprem');
  });

  test('give the object that they stand for, to patch', () => {
    const chart = new Chart(new App(), 'mine');
    const made = {
      ConfigMap: new DigestsConfigMap(chart, 'digests', { plan }),
      Job: new MirrorJob(chart, 'mirror', { plan, image }),
      NetworkPolicy: new MirrorNetworkPolicy(chart, 'policy', { plan }),
      Namespace: new MirrorNamespace(chart, 'namespace', { name: 'n' }),
      Secret: new RegistrySecret(chart, 'secret', secret),
    };
    for (const [kind, construct] of Object.entries(made)) expect(ApiObject.of(construct).kind).toBe(kind);
  });

  test('a patch of the Job makes it another Job: it does something else', () => {
    const synth = (...patches: JsonPatch[]) => {
      const chart = new Chart(new App(), 'mine');
      const job = new MirrorJob(chart, 'mirror', { plan, image });
      ApiObject.of(job).addJsonPatch(...patches);
      const manifests = Testing.synth(chart) as Manifest[];
      expect(manifests.flatMap((manifest) => kubernetesProblems(manifest))).toEqual([]);
      expect(only(manifests, 'Job').metadata.name).toBe(job.name);
      return job.name;
    };
    const affinity = JsonPatch.add('/spec/template/spec/affinity', {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
        },
      },
    });
    expect(synth(affinity)).not.toBe(synth());
    expect(synth(affinity)).toBe(synth(affinity));
    // What does not change the spec does not change the name; a name of one's own stays.
    expect(synth(JsonPatch.add('/metadata/labels/a', 'b'))).toBe(synth());
    expect(synth(JsonPatch.replace('/metadata/name', 'mine'))).toBe('mine');
  });

  test('two mirrors in one namespace do not meet: copy and verify, and with a name another plan', () => {
    const chart = new Chart(new App(), 'mine', { namespace: 'tools' });
    const other = makePlan(parseDigests(full, 'd.yml'), defineConfig(config()));
    new MirrorJob(chart, 'copy', { plan, image });
    new MirrorJob(chart, 'verify', { plan, image, mode: 'verify' });
    new MirrorJob(chart, 'other', { plan: other, image, name: 'other-mirror' });
    const names = (Testing.synth(chart) as Manifest[]).map(
      ({ kind, metadata }) => `${kind} ${metadata.name}`,
    );
    expect(names).toHaveLength(12);
    expect(new Set(names).size).toBe(12);
    expect(() => new MirrorJob(chart, 'long', { plan, image, name: 'a'.repeat(51) })).toThrow('expected 50');
  });
});
