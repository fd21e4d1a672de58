import { expect, test } from 'vitest';
import { kubernetesProblems } from './kubernetes-schema.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'mirror', namespace: 'ess', labels: { 'app.kubernetes.io/name': 'mirror' } },
  spec: {
    completionMode: 'Indexed',
    completions: 3,
    parallelism: 2,
    podFailurePolicy: {
      rules: [
        { action: 'FailJob', onExitCodes: { containerName: 'copy', operator: 'In', values: [2, 65] } },
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      ],
    },
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [
          {
            name: 'copy',
            image: 'registry.example/skopeo:1',
            env: [{ name: 'HOME', value: '/tmp' }],
            resources: { requests: { cpu: '100m', memory: 1024 }, limits: { cpu: 1, memory: '1.5Gi' } },
            volumeMounts: [{ name: 'plan', mountPath: '/plan' }],
          },
        ],
        volumes: [{ name: 'plan', configMap: { name: 'plan', defaultMode: 0o444 } }],
      },
    },
  },
};
const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'plan' },
  data: { 'a.yaml': '{}' },
};
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'pull' },
  type: 'kubernetes.io/dockerconfigjson',
  data: { '.dockerconfigjson': base64('{"auths":{}}') },
};
const policy = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'mirror' },
  spec: {
    podSelector: { matchLabels: { app: 'mirror' } },
    policyTypes: ['Ingress', 'Egress'],
    egress: [{ ports: [{ port: 443 }, { port: 'https' }], to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
  },
};
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'registry' },
  spec: { clusterIP: 'None', ports: [{ port: 5000, targetPort: 'http' }] },
};

type Change = readonly [path: string, value: unknown, message: string, at?: string];
type Fields = Record<string, unknown>;

/** A copy in which the field at a path has another value; `undefined` takes the field away. */
function changed(manifest: object, path: string, value: unknown): object {
  const copy = structuredClone(manifest);
  const names = path.split(/[.[\]]+/).filter(Boolean);
  const last = names.pop() ?? '';
  const parent = names.reduce((tree, name) => tree[name] as Fields, copy as Fields);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

function refuses(manifest: { readonly kind: string }, changes: readonly Change[]): void {
  for (const [path, value, message, at = path] of changes) {
    test(`${manifest.kind}: ${at}: ${message}`, () => {
      const problems = kubernetesProblems(changed(manifest, path, value));
      expect(problems.map((text) => text.replace(/^\w+\/\S+: /, ''))).toContain(`${at}: ${message}`);
    });
  }
}

test.each([job, configMap, secret, policy, service])('a good $kind has no problem', (manifest) => {
  expect(kubernetesProblems(manifest)).toEqual([]);
});

test('a problem names the object and the field', () => {
  const bad = changed(changed(job, 'spec.template.spec.foo', 1), 'spec.backoffLimit', '3');
  expect(kubernetesProblems(bad)).toEqual([
    'Job/mirror: spec.template.spec.foo: unknown field',
    'Job/mirror: spec.backoffLimit: must be integer',
  ]);
});

test('an unknown kind is a problem, unless it comes with its schema', () => {
  const widget = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w', labels: {} },
    spec: { size: 1 },
  };
  const size = { type: 'integer', format: 'int32' };
  const spec = { type: 'object', properties: { size }, 'x-kubernetes-map-type': 'atomic' };
  const schemas = { 'example.com/v1/Widget': { type: 'object', properties: { spec } } };
  expect(kubernetesProblems(widget)).toEqual(['Widget/w: unknown kind example.com/v1/Widget']);
  expect(kubernetesProblems(widget, schemas)).toEqual([]);
  expect(kubernetesProblems(changed(widget, 'spec.size', 'L'), schemas)).toEqual([
    'Widget/w: spec.size: must be integer',
  ]);
  expect(kubernetesProblems(changed(widget, 'metadata.labels.a', '#'), schemas)).toHaveLength(1);
  expect(kubernetesProblems({ ...job, apiVersion: 'batch/v1beta1' })).toEqual([
    'Job/mirror: unknown kind batch/v1beta1/Job',
  ]);
  expect(kubernetesProblems(null)).toHaveLength(1);
});

const unknown = 'unknown field';
const missing = 'required field is missing';
const invalid = (format: string) => `must be a valid ${format}`;
const long = 'm'.repeat(62);

refuses(job, [
  ['metadata', undefined, missing, 'metadata.name'],
  ['metadata.name', 'Mirror', invalid('DNS subdomain')],
  ['metadata.name', 'm'.repeat(64), 'must not be longer than 63'],
  ['metadata.name', long, `must make DNS labels for the pods: ${long}-2 is none`],
  ['metadata.namespace', 'a.b', invalid('DNS label')],
  ['metadata.labels', { 'a b': 'x' }, invalid('label key'), 'metadata.labels["a b"]'],
  ['metadata.labels', { 'A.io/x': 'x' }, invalid('label key'), 'metadata.labels["A.io/x"]'],
  ['metadata.labels.a', 'x'.repeat(64), invalid('label value')],
  ['metadata.labels.a', 'v1+2', invalid('label value')],
  ['metadata.annotations', { '-a': 'x' }, invalid('annotation key'), 'metadata.annotations.-a'],
  ['metadata.annotations', { a: true }, 'must be string', 'metadata.annotations.a'],
  ['metadata.annotations', { a: 'é'.repeat(131_072) }, 'must not be larger than 256 KiB'],
  ['status', {}, unknown],
  ['spec', undefined, missing],
  ['spec.backoffLimit', 1.5, 'must be integer'],
  ['spec.backoffLimit', -1, 'must be >= 0'],
  ['spec.completions', undefined, missing],
  ['spec.completionMode', 'indexed', 'must be one of NonIndexed,Indexed'],
  ['spec.parallelism', 100_001, 'must not be above 100000'],
  ['spec.selector', {}, 'must be left to the Job controller'],
]);

const rule = 'spec.podFailurePolicy.rules[0]';
refuses(job, [
  [`${rule}.action`, 'Retry', 'must be one of Count,FailIndex,FailJob,Ignore'],
  [`${rule}.onExitCodes`, undefined, 'must have one of onExitCodes and onPodConditions', rule],
  [`${rule}.onExitCodes.containerName`, 'x', 'there is no container x'],
  [`${rule}.onExitCodes.values`, [], 'must NOT have fewer than 1 items'],
  [`${rule}.onExitCodes.values`, [65, 2], 'must be in order'],
  [`${rule}.onExitCodes.values`, [0, 2], 'must not hold 0'],
  ['spec.podFailurePolicy.rules[1].onPodConditions[0].status', true, 'must be string'],
]);

const pod = 'spec.template.spec';
const copy = `${pod}.containers[0]`;
refuses(job, [
  [pod, undefined, missing],
  [`${pod}.foo`, 1, unknown],
  [`${pod}.hostPid`, true, unknown],
  [`${pod}.restartPolicy`, undefined, 'must be Never'],
  [`${pod}.restartPolicy`, 'OnFailure', 'must be Never'],
  [`${pod}.containers`, [], 'must NOT have fewer than 1 items'],
  [`${pod}.initContainers`, [{ name: 'copy', image: 'a' }], 'copy is there twice', `${pod}.containers`],
  [`${pod}.volumes`, [], 'there is no volume plan', `${copy}.volumeMounts[0].name`],
  [`${pod}.volumes[0].name`, 'the plan', invalid('DNS label')],
  [`${pod}.volumes[0].emptyDir`, {}, 'must NOT have more than 2 properties', `${pod}.volumes[0]`],
  [`${pod}.volumes[0].configMap`, undefined, 'must NOT have fewer than 2 properties', `${pod}.volumes[0]`],
  [`${pod}.volumes[0].configMap.defaultMode`, 0o1000, 'must be <= 511'],
  [`${copy}.name`, 'Copy', invalid('DNS label')],
  [`${copy}.image`, undefined, missing],
  [`${copy}.imagePullPolicy`, 'Sometimes', 'must be one of Always,IfNotPresent,Never'],
  [`${copy}.env[0].name`, '1A', invalid('environment name')],
  [`${copy}.env[0].value`, 3, 'must be string'],
  [`${copy}.env[0].value`, null, 'must be string'],
  [`${copy}.resources.limits.cpu`, '1 core', invalid('quantity')],
  [`${copy}.resources.limits.cpu`, '-1', invalid('quantity')],
  [`${copy}.resources.limits.gpu`, 1, invalid('resource name')],
  [`${copy}.resources.limits.cpu`, '50m', 'must not be above its limit', `${copy}.resources.requests.cpu`],
]);

refuses(changed(job, 'spec.podFailurePolicy', undefined) as typeof job, [
  [`${pod}.restartPolicy`, 'Always', 'must be Never or OnFailure'],
]);

refuses(configMap, [
  ['spec', {}, unknown],
  ['data', { '..a': '' }, invalid('config key'), 'data["..a"]'],
  ['data', { 'a/b': '' }, invalid('config key'), 'data["a/b"]'],
  ['data', { a: 1 }, 'must be string', 'data.a'],
  ['data', { a: 'x'.repeat(600_000), b: 'é'.repeat(300_000) }, 'must not be larger than 1 MiB'],
  ['binaryData', { a: 'x' }, invalid('base64 text'), 'binaryData.a'],
  ['binaryData', { 'a.yaml': '' }, 'must not be in data too', 'binaryData["a.yaml"]'],
]);

const pull = 'data[".dockerconfigjson"]';
refuses(secret, [
  ['data', { '.dockerconfigjson': '{"auths":{}}' }, invalid('base64 text'), pull],
  ['data', { '.dockerconfigjson': base64('{}') }, 'must be JSON with auths', pull],
  ['data', { '.dockerconfigjson': base64('auths') }, 'must be JSON with auths', pull],
  ['data', {}, 'must be JSON with auths', pull],
]);

refuses(policy, [
  ['spec.podSelector', undefined, missing],
  ['spec.policyTypes', ['egress'], 'must be one of Ingress,Egress', 'spec.policyTypes[0]'],
  ['spec.egress[0].to[0]', {}, 'must NOT have fewer than 1 properties'],
  ['spec.egress[0].to[0].podSelector', {}, 'must NOT have more than 1 properties', 'spec.egress[0].to[0]'],
  ['spec.egress[0].to[0].ipBlock.cidr', '10.0.0.0/33', invalid('CIDR')],
  ['spec.egress[0].to[0].ipBlock.cidr', '10.0.0.0', invalid('CIDR')],
  ['spec.egress[0].to[0].ipBlock.cidr', 'all/0', invalid('CIDR')],
  ['spec.egress[0].ports[0].port', 0, 'must be >= 1'],
  ['spec.egress[0].ports[1].port', '443', invalid('port name')],
]);

refuses(service, [
  ['metadata.name', '1st', invalid('DNS label, letter first')],
  ['spec.clusterIp', 'None', unknown],
  ['spec.ports[0].targetPort', 1.5, 'must be string,integer'],
  ['spec.ports[0].port', undefined, missing],
]);
