import { describe, expect, test } from 'vitest';
import { essAirgap, folder } from '../support/cli.ts';
import { kubernetesProblems } from '../support/kubernetes-schema.ts';

// `ess-airgap audit` as a process, over objects as kubectl prints them.

const digest = (sign: string) => `sha256:${sign.repeat(64)}`;
const entry = (path: string, tag: string, sign: string) =>
  `{ image_repository_server: docker.io, image_repository_path: ${path}, image_tag: ${tag}, image_digest: "${digest(sign)}" }`;
const release = `images_digests:\n  web:\n    web: ${entry('a/web', 'v2', 'b')}\n    redis: ${entry('library/redis', '7', 'c')}\n  operator:\n    operator: ${entry('a/operator', 'v1', 'd')}\n`;
const older = `images_digests:\n  web:\n    web: ${entry('a/web', 'v1', 'a')}\n`;
const here = (path: string, sign: string) => `localregistry.local/ess/${path}@${digest(sign)}`;
const web = here('a/web', 'b');

const config = `apiVersion: ess-airgap/v1
namespace: chat
registry: { server: localregistry.local, path: ess }
copyOnly: [operator]
pullSecret: { source: existing, name: pull }
guard: { mode: enforce, allow: ["quay.io/mesh/*"] }
`;

function audit(objects: object | string, args: readonly string[] = [], more: Record<string, string> = {}) {
  const cwd = folder({ 'airgap.yaml': config, 'images_digests.yml': release, 'old.yml': older, ...more });
  const input =
    typeof objects === 'string' ? objects : JSON.stringify({ kind: 'List', items: [objects].flat() });
  return essAirgap(['audit', '-', ...args], { cwd, input });
}
const json = (objects: object | string, args: readonly string[] = []) => {
  const run = audit(objects, ['--format', 'json', ...args]);
  expect(run.stderr).toBe('');
  return { status: run.status, ...JSON.parse(run.stdout) };
};

const pod = (image: string, status: object = {}, namespace = 'chat', name = 'web-0') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { containers: [{ name: 'web', image }] },
  status: { containerStatuses: [{ name: 'web', ...status }] },
});
const statusOf = (image: string, status: object = {}, args: readonly string[] = []) => {
  const result = json(pod(image, status), args);
  return [result.containers[0].status, result.status];
};

describe('the image of a container is', () => {
  test.each([
    ['planned by its digest', web, {}, 'planned', 0],
    [
      'planned, with a tag in front of the digest',
      `localregistry.local/ess/a/web:v2@${digest('b')}`,
      {},
      'planned',
      0,
    ],
    ['planned by its tag', 'localregistry.local/ess/a/web:v2', {}, 'planned', 0],
    [
      'planned by its tag, and the digest that runs is the right one',
      'localregistry.local/ess/a/web:v2',
      { imageID: `localregistry.local/ess/a/web@${digest('b')}` },
      'planned',
      0,
    ],
    [
      'another digest behind the tag that moved',
      'localregistry.local/ess/a/web:v2',
      { imageID: `localregistry.local/ess/a/web@${digest('e')}` },
      'other-digest',
      1,
    ],
    ['another digest', here('a/web', 'e'), {}, 'other-digest', 1],
    ['another tag', 'localregistry.local/ess/a/web:v9', {}, 'other-digest', 1],
    ['from upstream', `docker.io/a/web@${digest('b')}`, {}, 'upstream', 1],
    ['from upstream by a short name', 'busybox:1', {}, 'upstream', 1],
    ['allowed', 'quay.io/mesh/proxy:1', {}, 'allowed', 0],
    ['unknown on the local registry', 'localregistry.local/other/image:1', {}, 'unknown', 1],
    ['unknown elsewhere', 'example.org/x:1', {}, 'unknown', 1],
    ['unknown if it is none', 'not an image', {}, 'unknown', 1],
  ] as const)('%s', (_, image, status, expected, exit) => {
    expect(statusOf(image, status)).toEqual([expected, exit]);
  });

  test('one of the previous release, which is right during an upgrade', () => {
    expect(statusOf(here('a/web', 'a'))).toEqual(['other-digest', 1]);
    expect(statusOf(here('a/web', 'a'), {}, ['--since', 'old.yml'])).toEqual(['previous', 0]);
  });
});

test('a tag that moved is reported with the digest that runs and the one that is expected', () => {
  const { containers } = json(
    pod('localregistry.local/ess/a/web:v2', {
      imageID: `docker-pullable://localregistry.local/ess/a/web@${digest('e')}`,
    }),
  );
  expect(containers[0]).toMatchObject({ running: digest('e'), expected: web });
});

test('init and ephemeral containers, workloads and rendered manifests are looked at', () => {
  const template = {
    spec: {
      initContainers: [{ name: 'init', image: 'docker.io/x/y:1' }],
      containers: [{ name: 'web', image: web }],
    },
  };
  const kinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'].map((kind) => ({
    kind,
    metadata: { name: 'x', namespace: 'chat' },
    spec: { template },
  }));
  const cron = {
    kind: 'CronJob',
    metadata: { name: 'x', namespace: 'chat' },
    spec: { jobTemplate: { spec: { template } } },
  };
  const result = json([...kinds, cron]);
  expect(result.containers).toHaveLength(10);
  expect(result.counts).toMatchObject({ planned: 5, upstream: 5 });
  const debugged = {
    ...pod(web),
    spec: { ...pod(web).spec, ephemeralContainers: [{ name: 'debugger', image: 'busybox' }] },
  };
  expect(json(debugged).counts).toMatchObject({ planned: 1, upstream: 1 });
  const rendered = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\nspec: { template: { spec: { containers: [{ name: web, image: "${web}" }] } } }\n---\n---\nkind: Service\n`;
  expect(json(rendered)).toMatchObject({ status: 0, counts: { planned: 1 } });
});

test('namespaces: that of the deployment, and those that are named', () => {
  const operator = pod('docker.io/a/operator:v1', {}, 'element-operator', 'operator');
  expect(json([pod(web), operator])).toMatchObject({ status: 0, counts: { planned: 1, upstream: 0 } });
  expect(json([pod(web), operator], ['--namespace', 'element-operator'])).toMatchObject({
    status: 1,
    counts: { upstream: 1 },
  });
});

test('what is planned and not seen is said, and is no fault', () => {
  expect(json(pod(web))).toMatchObject({ status: 0, notSeen: ['web/redis', 'operator/operator'] });
});

describe('a pod that cannot pull', () => {
  const waiting = (reason: string, message: string) => ({ state: { waiting: { reason, message } } });
  test.each([
    ['manifest unknown: not found', /ess-airgap verify/],
    ['401 Unauthorized', /chat\/pull/],
    ['x509: certificate signed by unknown authority', /CA/],
    ['dial tcp: lookup docker.io: no such host', /cannot reach/],
    ['http: server gave HTTP response to HTTPS client', /plain HTTP/],
    ['something else', /kubectl describe pod/],
  ])('is reported with what to do: %s', (message, hint) => {
    const run = audit(pod(web, waiting('ImagePullBackOff', message)));
    expect(run.status).toBe(1);
    expect(run.stdout).toContain(message);
    expect(run.stdout).toMatch(hint);
  });

  test('does not steer the terminal by its message', () => {
    const run = audit(pod(web, waiting('ErrImagePull', '\u001b[2Jgone\u202e')));
    expect(run.stdout).not.toContain('\u001b');
    expect(run.stdout).not.toContain('\u202e');
  });
});

describe('the wiring', () => {
  const element = (spec: object) => ({
    apiVersion: 'matrix.element.io/v1alpha2',
    kind: 'ElementDeployment',
    metadata: { name: 'ess', namespace: 'chat' },
    spec: { global: spec },
  });
  const right = {
    config: { imagesDigestsConfigMap: 'ess-images-digests' },
    k8s: { workloads: { dockerSecrets: [{ name: 'pull', url: 'localregistry.local' }] } },
  };
  const container = (path: string, tag: string, sign: string) => ({
    image_digest: digest(sign),
    image_repository_path: `ess/${path}`,
    image_repository_server: 'localregistry.local',
    image_tag: tag,
  });
  const tree = { web: { redis: container('library/redis', '7', 'c'), web: container('a/web', 'v2', 'b') } };
  const map = (value: unknown, name = 'ess-images-digests') => ({
    kind: 'ConfigMap',
    metadata: { name, namespace: 'chat' },
    data: { images_digests: typeof value === 'string' ? value : JSON.stringify(value) },
  });
  const secret = (servers: object, type = 'kubernetes.io/dockerconfigjson') => ({
    kind: 'Secret',
    type,
    metadata: { name: 'pull', namespace: 'chat' },
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths: servers })).toString('base64') },
  });
  const login = { auth: Buffer.from('someone:hunter2-is-the-password').toString('base64') };

  test('that is right is said, and passes', () => {
    const result = json([element(right), map(tree), secret({ 'localregistry.local': login })]);
    expect(result.status).toBe(0);
    expect(result.wiring).toHaveLength(4);
  });

  test.each([
    ['the ConfigMap is not named', [element({ ...right, config: {} })], /imagesDigestsConfigMap is not set/],
    [
      'another ConfigMap is named',
      [element({ ...right, config: { imagesDigestsConfigMap: 'old' } })],
      /is "old"/,
    ],
    [
      'the url has no port or another',
      [
        element({
          ...right,
          k8s: { workloads: { dockerSecrets: [{ name: 'pull', url: 'localregistry.local:443' }] } },
        }),
      ],
      /has localregistry\.local:443; expected/,
    ],
    ['no pull Secret is named', [element({ config: right.config })], /has no entry/],
    ['the ConfigMap is not there', [map(tree, 'other')], /is missing in the input/],
    ['the ConfigMap lacks a container', [map({ web: { web: tree.web.web } })], /lacks web\/redis/],
    [
      'the ConfigMap is of another release',
      [map({ web: { ...tree.web, web: container('a/web', 'v1', 'a') } })],
      /another image for web\/web/,
    ],
    ['the ConfigMap is wrapped', [map(`images_digests:\n  web: {}\n`)], /ignores all of them/],
    ['the ConfigMap holds no YAML', [map('{')], /has no images_digests that ESS can read/],
    ['the Secret is of another type', [secret({}, 'Opaque')], /has the type "Opaque"/],
    [
      'the Secret is for another server',
      [secret({ 'example.org': login })],
      /no login for localregistry\.local; it has example\.org/,
    ],
    [
      'the Secret is not there',
      [{ ...secret({}), metadata: { name: 'x', namespace: 'chat' } }],
      /is missing in the input/,
    ],
  ] as const)('fails: %s', (_, objects, message) => {
    const run = audit([...objects]);
    expect(run.status).toBe(1);
    expect(run.stdout).toMatch(message);
  });

  test('never prints the value of a Secret', () => {
    for (const format of ['table', 'json', 'markdown']) {
      const run = audit(
        [secret({ 'localregistry.local': login, 'other.example': login })],
        ['--format', format],
      );
      expect(run.stdout).not.toContain('hunter2');
      expect(run.stdout).not.toContain(login.auth);
    }
  });
});

test('the three formats name the same container', () => {
  for (const format of ['table', 'json', 'markdown']) {
    const run = audit(pod('docker.io/a/web:v2'), ['--format', format]);
    expect(run.stdout).toContain('docker.io/a/web:v2');
    expect(run.status).toBe(1);
  }
});

test.each([
  ['', /no Kubernetes object/],
  ['{', /not valid JSON/],
  ['a: [', /not valid YAML/],
  ['[]', /no Kubernetes object/],
  ['{"kind":"List","items":[]}', /no Kubernetes object/],
  ['{"kind":"Service","metadata":{"namespace":"chat"}}', /the input \(1 object\) has no pod/],
])('input that says nothing is an error: %j', (text, message) => {
  const run = audit(text);
  expect(run.status).toBe(2);
  expect(run.stderr).toMatch(message);
});

test('the objects of these tests are as the API of Kubernetes has them', () => {
  const waiting = { state: { waiting: { reason: 'ImagePullBackOff', message: 'not found' } } };
  const status = { image: web, imageID: web, ready: false, restartCount: 0, ...waiting };
  const containers = [{ name: 'web', image: web }];
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers, restartPolicy: 'Never' } };
  const metadata = { name: 'web', namespace: 'chat' };
  const selector = { matchLabels: { app: 'web' } };
  const objects = [
    pod(web, status),
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector, template } },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: { selector, serviceName: 'web', template },
    },
    { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec: { selector, template } },
    { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: { template } },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: { schedule: '0 * * * *', jobTemplate: { spec: { template } } },
    },
  ];
  // The schema has what people write: no status.
  for (const object of objects) {
    const { status: _, ...written } = { status: {}, ...object };
    expect([object.kind, ...kubernetesProblems(written)]).toEqual([object.kind]);
  }
  expect(json(objects).counts).toMatchObject({ planned: 6 });
});
