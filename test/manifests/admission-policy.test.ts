import { describe, expect, test } from 'vitest';
import { type ConfigInput, defineConfig, makePlan, parseDigests } from '../../lib/index.ts';
import { only, synthesize } from '../support/synth.ts';

// What the policy admits and refuses is for Kubernetes itself to say: .ci/guard evaluates it with the API server's code.

const digest = (sign: string) => `sha256:${sign.repeat(64)}`;
const container = (name: string, tag: string, sign: string) =>
  `  ${name}: { image_repository_server: docker.io, image_repository_path: a/${name}, image_tag: ${tag}, image_digest: "${digest(sign)}" }\n`;
const release = `web:\n${container('web', 'v2', 'b')}${container('proxy', 'v1', 'c')}operator:\n${container('operator', 'v1', 'd')}`;
const older = `web:\n${container('web', 'v1', 'a')}${container('proxy', 'v1', 'c')}`;

const config = (guard: ConfigInput['guard'], more: Partial<ConfigInput> = {}): ConfigInput => ({
  apiVersion: 'ess-airgap/v1',
  registry: { server: 'localregistry.local', path: 'ess' },
  namespace: 'chat',
  guard,
  ...more,
});
const planOf = (input: ConfigInput, previous?: string) =>
  makePlan(
    parseDigests(release, 'images_digests.yml'),
    defineConfig(input),
    undefined,
    previous === undefined ? {} : { previous: parseDigests(previous, 'old.yml') },
  );
const codes = (input: ConfigInput, previous?: string) =>
  planOf(input, previous)
    .findings.map(({ code }) => code)
    .filter((code) => code.startsWith('guard'));

test('without guard there is no policy, and off is the same', () => {
  expect(Object.keys(synthesize(release, config(undefined)))).toEqual(['ess-images']);
  expect(Object.keys(synthesize(release, config({ mode: 'off' })))).toEqual(['ess-images']);
});

describe('the objects', () => {
  const objects = synthesize(release, config({ mode: 'enforce' }))['ess-guard'] ?? [];
  const policy = only(objects, 'ValidatingAdmissionPolicy');
  const binding = only(objects, 'ValidatingAdmissionPolicyBinding');
  const parameter = only(objects, 'ConfigMap');

  test('are in a file of their own, and the binding ties the three together', () => {
    expect(objects).toHaveLength(3);
    expect(binding.spec.policyName).toBe(policy.metadata.name);
    expect(binding.spec.paramRef).toEqual({
      name: parameter.metadata.name,
      namespace: 'chat',
      parameterNotFoundAction: 'Deny',
    });
    expect(parameter.metadata.namespace).toBe('chat');
    expect(binding.spec.matchResources.namespaceSelector.matchLabels).toEqual({
      'kubernetes.io/metadata.name': 'chat',
    });
    expect(binding.spec.validationActions).toEqual(['Deny']);
    expect(policy.spec.failurePolicy).toBe('Fail');
  });

  test('look at regular, init and ephemeral containers, and at updates', () => {
    const [rule] = policy.spec.matchConstraints.resourceRules;
    expect(rule.resources).toEqual(['pods', 'pods/ephemeralcontainers']);
    expect(rule.operations).toEqual(['CREATE', 'UPDATE']);
    const [{ expression }] = policy.spec.variables;
    for (const list of ['containers', 'initContainers', 'ephemeralContainers'])
      expect(expression).toContain(list);
  });

  test('audit only warns', () => {
    const audit = synthesize(release, config({ mode: 'audit' }))['ess-guard'] ?? [];
    expect(only(audit, 'ValidatingAdmissionPolicyBinding').spec.validationActions).toEqual(['Warn', 'Audit']);
  });

  test('deployments in two namespaces have policies of two names', () => {
    const other =
      synthesize(release, config({ mode: 'enforce' }, { namespace: 'staging' }))['ess-guard'] ?? [];
    expect(only(other, 'ValidatingAdmissionPolicy').metadata.name).not.toBe(policy.metadata.name);
  });

  test.each([
    ['argocd', 'argocd.argoproj.io/sync-wave', '1'],
    ['flux', 'kustomize.toolkit.fluxcd.io/substitute', 'disabled'],
  ] as const)('are applied by %s when the images are there', (gitops, annotation, value) => {
    const annotated = synthesize(release, config({ mode: 'enforce' }, { gitops }))['ess-guard'] ?? [];
    for (const { metadata } of annotated) expect(metadata.annotations?.[annotation]).toBe(value);
  });
});

describe('the allowed images', () => {
  const here = (path: string) => `localregistry.local/ess/${path}`;

  test('are exactly those that ESS writes into pods, by digest', () => {
    expect(planOf(config({ mode: 'enforce' })).guard).toEqual({
      images: [
        here(`a/operator@${digest('d')}`),
        here(`a/proxy@${digest('c')}`),
        here(`a/web@${digest('b')}`),
      ],
      previous: [],
      prefixes: [],
    });
  });

  test('have a tag where the deployment is pinned by tag', () => {
    expect(planOf(config({ mode: 'enforce' }, { pin: 'tag' })).guard?.images).toContain(here('a/web:v2'));
  });

  test('of copyOnly containers have either form that people write; those of excluded ones are left out, and a note says so', () => {
    const copied = config({ mode: 'enforce' }, { copyOnly: ['operator'] });
    expect(planOf(copied).guard?.images).toEqual(
      expect.arrayContaining([here(`a/operator@${digest('d')}`), here(`a/operator:v1@${digest('d')}`)]),
    );
    const excluded = config({ mode: 'enforce' }, { exclude: ['operator'] });
    expect(planOf(excluded).guard?.images.join()).not.toContain('operator');
    expect(codes(excluded)).toEqual(['guard-excluded']);
  });

  test('covers: registry admits the folder, and what the plan has outside of it', () => {
    const rules = [{ match: 'docker.io/a/web', to: 'elsewhere/web' }];
    expect(planOf(config({ mode: 'enforce', covers: 'registry' }, { rules })).guard).toEqual({
      images: [`localregistry.local/elsewhere/web@${digest('b')}`],
      previous: [],
      prefixes: ['localregistry.local/ess/'],
    });
  });

  test('have those of the previous release besides, each once, and a note says until when', () => {
    const input = config({ mode: 'enforce', since: 'old.yml' });
    expect(planOf(input, older).guard?.previous).toEqual([here(`a/web@${digest('a')}`)]);
    expect(codes(input, older)).toEqual(['guard-previous']);
  });

  test('allow adds images and prefixes; an entry that adds nothing is a finding', () => {
    const planned = here(`a/web@${digest('b')}`);
    const allow = ['quay.io/mesh/*', 'quay.io/other:1', 'quay.io/mesh/proxy:1', planned, 'quay.io/other:1'];
    const { guard, findings } = planOf(config({ mode: 'enforce', allow }));
    expect(guard?.prefixes).toEqual(['quay.io/mesh/']);
    expect(guard?.images).toContain('quay.io/other:1');
    const unused = findings.filter(({ code }) => code === 'guard-allow-unused').map(({ message }) => message);
    expect(unused).toHaveLength(3);
    expect(unused[0]).toContain('quay.io/mesh/proxy:1');
    expect(unused[1]).toContain(planned);
    expect(unused[2]).toContain('quay.io/other:1');
  });

  test.each(['busybox', 'mesh/*', '*', 'quay.io/mesh', 'quay.io/a b:1', 'quay.io/*/x:1'])(
    'allow does not take %j',
    (entry) => {
      expect(() => defineConfig(config({ mode: 'enforce', allow: [entry] }))).toThrow(/guard\.allow/);
    },
  );
});

test('a cluster that is too old is a finding', () => {
  const mirror = { image: `quay.io/skopeo/stable@${digest('e')}` };
  expect(codes(config({ mode: 'enforce' }, { mirror }))).toEqual(['guard-kubernetes-version']);
  expect(codes(config({ mode: 'enforce' }, { mirror: { ...mirror, kubernetesVersion: '1.30' } }))).toEqual(
    [],
  );
});

test('a list that no ConfigMap holds is an error', () => {
  const allow = Array.from({ length: 1000 }, (_, index) => `quay.io/${'x'.repeat(1100)}/${index}:1`);
  const { findings } = planOf(config({ mode: 'enforce', allow }));
  expect(findings.map(({ code }) => code)).toContain('config-map-too-large');
});
