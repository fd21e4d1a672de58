import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fault, type FaultProxy, type Rule, startFaultProxy } from '../support/fault-proxy.ts';
import { type Image, makeImage } from '../support/images.ts';
import {
  mirrorManifests,
  pushAll,
  pushAuth,
  pushLogin,
  runMirror,
  type Upstream,
  withEnvironment,
} from '../support/mirror.ts';
import { manifestDigest, type Registry, startRegistry } from '../support/registry.ts';

// Each fault alone on each kind of request. One run holds many images, and each of them meets one fault.

let source: Registry;
let target: Registry;
let upstream: FaultProxy;
let local: FaultProxy;

beforeAll(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry({ password: pushLogin })]);
  [upstream, local] = await Promise.all([
    startFaultProxy({ target: source.url }),
    startFaultProxy({ target: target.url }),
  ]);
});
afterAll(async () => {
  await Promise.all([upstream?.stop(), local?.stop()]);
  await Promise.all([source?.stop(), target?.stop()]);
});

/** Every kind of request that the copy of an index makes for one repository. */
const requests = {
  'source-index': { side: 'source', method: 'GET', path: (image: Image) => `/manifests/${image.digest}` },
  'source-manifest': {
    side: 'source',
    method: 'GET',
    path: (image: Image) => `/manifests/${image.manifests[0]?.digest}`,
  },
  'source-config': { side: 'source', method: 'GET', path: (image: Image) => `/blobs/${config(image)}` },
  'source-layer': { side: 'source', method: 'GET', path: (image: Image) => `/blobs/${layer(image)}` },
  'target-tag': { side: 'target', method: 'GET', path: () => '/manifests/v1' },
  'target-blob': { side: 'target', method: 'HEAD', path: (image: Image) => `/blobs/${layer(image)}` },
  'target-post': { side: 'target', method: 'POST', path: () => '/blobs/uploads/' },
  'target-patch': { side: 'target', method: 'PATCH', path: () => '/blobs/uploads/' },
  'target-put': { side: 'target', method: 'PUT', path: () => '/blobs/uploads/' },
  'target-manifest': {
    side: 'target',
    method: 'PUT',
    path: (image: Image) => `/manifests/${image.manifests[0]?.digest}`,
  },
  'target-index': { side: 'target', method: 'PUT', path: () => '/manifests/v1' },
} as const;
type Kind = keyof typeof requests;
const kinds = Object.keys(requests) as Kind[];

const config = (image: Image) => image.blobs.find(({ mediaType }) => mediaType.includes('config'))?.digest;
const layer = (image: Image) => image.blobs.find(({ mediaType }) => !mediaType.includes('config'))?.digest;

interface Case {
  kind: Kind;
  name: string;
  fault: Fault;
  times?: number;
}

/** Runs the mirror over one image a case. */
async function runCases(cases: readonly Case[], env: Record<string, string> = {}) {
  const images: Record<string, Image> = {};
  const rules: Record<'source' | 'target', Rule[]> = { source: [], target: [] };
  for (const { kind, name, fault, times = 1 } of cases) {
    // A project each: what one is refused says nothing of the others.
    const repository = `${kind}-${name}/faults`;
    const image = makeImage({ name: repository, layers: [{ seed: repository, size: 3000 }] });
    images[repository] = image;
    const { side, method, path } = requests[kind];
    const wanted = `/v2/${repository}${path(image)}`;
    rules[side].push({
      match: (request) => request.method === method && request.path.startsWith(wanted),
      times,
      fault,
    });
  }
  await pushAll(source.server, images);
  upstream.setRules(rules.source);
  local.setRules(rules.target);
  const plan: Upstream[] = Object.entries(images).map(([repository, { digest }]) => ({
    server: upstream.server,
    repository,
    tag: 'v1',
    digest,
  }));
  const manifests = mirrorManifests(plan, local.server, { auth: [pushAuth(local.server)] });
  const outcome = await runMirror(withEnvironment(manifests, { ESS_AIRGAP_RETRY_SECONDS: '0', ...env }));
  upstream.setRules([]);
  local.setRules([]);
  return { outcome, images };
}

const json = (code: string) => JSON.stringify({ errors: [{ code, message: 'said by a test' }] });

test('a fault that passes is retried, and the image arrives', async () => {
  const each: Record<string, Fault> = {
    '429': { status: 429, headers: { 'retry-after': '1' }, body: json('TOOMANYREQUESTS') },
    '500': { status: 500 },
    '503': { status: 503 },
    reset: { reset: 'before' },
  };
  const cases: Case[] = kinds.flatMap((kind) =>
    Object.entries(each).map(([name, fault]) => ({ kind, name, fault })),
  );
  for (const kind of ['source-index', 'target-put'] as const) {
    for (const status of [502, 504]) cases.push({ kind, name: String(status), fault: { status } });
  }
  for (const kind of [
    'source-index',
    'source-manifest',
    'source-config',
    'source-layer',
    'target-tag',
  ] as const) {
    cases.push({ kind, name: 'cut', fault: { truncate: 100 } });
    cases.push({ kind, name: 'reset-midway', fault: { reset: 100 } });
  }
  cases.push({ kind: 'target-patch', name: 'reset-midway', fault: { reset: 1000 } });
  cases.push({
    kind: 'target-patch',
    name: 'lost',
    fault: { status: 404, body: json('BLOB_UPLOAD_UNKNOWN') },
  });

  const { outcome, images } = await runCases(cases);
  const failed = outcome.lines.filter(({ result }) => result !== 'copied');
  expect(failed).toEqual([]);
  expect(outcome.exitCode).toBe(0);
  for (const [repository, { digest }] of Object.entries(images)) {
    expect(await manifestDigest(target.server, repository, 'v1', pushLogin)).toBe(digest);
  }
  // Every fault happened, and none was met more than once.
  const met = [...upstream.requests, ...local.requests].filter(({ fault }) => fault);
  expect(met).toHaveLength(cases.length);
}, 180_000);

test('a refusal is not retried, and its class says what it is', async () => {
  const cases: Case[] = kinds.flatMap((kind) =>
    [401, 403, 404].map((status) => ({
      kind,
      name: String(status),
      times: 100,
      fault: {
        status,
        body: json(status === 401 ? 'UNAUTHORIZED' : status === 403 ? 'DENIED' : 'MANIFEST_UNKNOWN'),
      },
    })),
  );
  const { outcome } = await runCases(cases);
  const got = Object.fromEntries(
    outcome.lines.map(({ image, class: name, failure, attempts, result }) => [
      image.replace(/^[^/]*\/|\/faults:v1$/g, ''),
      [result, failure, name, attempts].join(' '),
    ]),
  );
  const expected: Record<string, string> = {};
  for (const kind of kinds) {
    // A token that was good before may have expired; where it was not, the credential is wrong.
    expected[`${kind}-401`] = 'failed transient token-expired 5';
    expected[`${kind}-403`] = 'failed permanent denied 1';
    expected[`${kind}-404`] = 'failed permanent not-found 1';
  }
  for (const kind of ['source-index', 'target-tag'])
    expected[`${kind}-401`] = 'failed permanent unauthorized 1';
  for (const kind of ['target-blob', 'target-post'])
    expected[`${kind}-401`] = 'failed permanent unauthorized 2';
  // Not there yet: that is why it is uploaded. Still not there when it is: it may come.
  expected['target-blob-404'] = 'copied   1';
  expected['target-tag-404'] = 'failed transient not-found 5';
  expect(got).toEqual(expected);
  for (const { result, error, hint } of outcome.lines) {
    if (result !== 'failed') continue;
    expect(error).toMatch(/said by a test|registry 40\d|: 40\d|authentication required/);
    expect(hint).toMatch(/\w/);
  }
}, 180_000);

test('servers that are not there, or do not answer, and a policy that forbids it', async () => {
  const { digest } = makeImage({ name: 'nowhere' });
  const image = (server: string) => ({ server, repository: 'nowhere/x', tag: 'v1', digest });
  const one = async (server: string, env: Record<string, string> = {}, files = {}) => {
    const manifests = mirrorManifests([image(server)], local.server, { auth: [pushAuth(local.server)] });
    const outcome = await runMirror(
      withEnvironment(manifests, { ESS_AIRGAP_RETRY_SECONDS: '0', ESS_AIRGAP_ATTEMPTS: '2', ...env }),
      { files },
    );
    const { class: name, failure, attempts } = outcome.line('nowhere/x');
    return [name, failure, attempts, outcome.exitCode];
  };
  expect(await one('nowhere.invalid')).toEqual(['dns', 'transient', 2, 1]);
  expect(await one('127.0.0.1:1')).toEqual(['connection', 'transient', 2, 1]);
  upstream.setRules([{ match: () => true, fault: { delayMs: 300_000 } }]);
  expect(await one(upstream.server, { ESS_AIRGAP_TIMEOUT_SECONDS: '1' })).toEqual([
    'timeout',
    'transient',
    2,
    1,
  ]);
  upstream.setRules([]);
  const reject = { '/etc/containers/policy.json': '{"default":[{"type":"reject"}]}' };
  const there = makeImage({ name: 'nowhere' });
  await pushAll(source.server, { 'nowhere/x': there });
  expect(await one(upstream.server, {}, reject)).toEqual(['policy', 'permanent', 1, 3]);
});

test('a registry that repeats the login gets it into no output', async () => {
  const { username, password } = pushLogin;
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const bearer = 'eyJhbGciOiJFUzI1NiJ9.eyJmYWtlIjoidG9rZW4ifQ.ZmFrZS1zaWduYXR1cmU';
  const said = `you sent Authorization: Basic ${basic}, that is ${password}; or Bearer ${bearer}`;
  const body = JSON.stringify({ errors: [{ code: 'DENIED', message: said }] });
  const { outcome } = await runCases([
    { kind: 'target-tag', name: 'echo', fault: { status: 403, body }, times: 9 },
    { kind: 'target-post', name: 'echo', fault: { status: 403, body }, times: 9 },
    { kind: 'target-manifest', name: 'echo', fault: { status: 400, body }, times: 9 },
    { kind: 'target-index', name: 'plain', fault: { status: 500, body: said }, times: 99 },
  ]);
  expect(outcome.summary.failed).toBeGreaterThan(1);
  const text = JSON.stringify(outcome);
  for (const secret of [password, basic, basic.replace(/=+$/, ''), bearer])
    expect(text).not.toContain(secret);
  expect(text).toContain('***');
});

test('codes that are not of OCI are what their status says', async () => {
  const { outcome } = await runCases(
    [
      {
        kind: 'target-post',
        name: 'denied',
        fault: { status: 403, body: json('PROJECT_LOCKED') },
        times: 99,
      },
      { kind: 'target-post', name: 'limited', fault: { status: 429, body: json('SLOW_DOWN') }, times: 99 },
      {
        kind: 'source-index',
        name: 'denied',
        fault: { status: 403, body: json('LICENSE_EXPIRED') },
        times: 99,
      },
      { kind: 'source-index', name: 'limited', fault: { status: 429, body: json('SLOW_DOWN') }, times: 99 },
    ],
    { ESS_AIRGAP_ATTEMPTS: '1' },
  );
  expect(outcome.lines.every(({ error = '' }) => error.includes('said by a test'))).toBe(true);
  const classes = outcome.lines.map(({ image, class: name }) => [
    image.replace(/^.*?\/|\/faults.*$/g, ''),
    name,
  ]);
  expect(Object.fromEntries(classes)).toEqual({
    // skopeo keeps no 403 of such an answer: that it is a refusal is all that can be said.
    'target-post-denied': 'refused',
    'target-post-limited': 'rate-limited',
    'source-index-denied': 'refused',
    'source-index-limited': 'rate-limited',
  });
}, 240_000);
