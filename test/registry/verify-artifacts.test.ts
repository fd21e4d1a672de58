import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Artifact } from '../../lib/digests/artifacts.ts';
import { parseRelease } from '../../lib/digests/read.ts';
import { renderLock } from '../../lib/lock/render.ts';
import { referrersLists } from '../../lib/plan/referrers-list.ts';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Image, makeImage, pushImage } from '../support/images.ts';
import { type ReferrersApi, startReferrersApi } from '../support/referrers-api.ts';
import { ask, type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';
import { makeCosignSignature, makeSignedImage, pushSignedImage } from '../support/signed-images.ts';

// `ess-airgap verify` as a process, of images with signatures, attestations and SBOMs, against real registries.

const REPOSITORY = 'element-hq/synapse';
const synapse = makeSignedImage('synapse');
const redis = makeImage({ name: 'redis' });
const names = {
  'synapse/synapse': `ghcr.io/${REPOSITORY}:v1@${synapse.image.digest}`,
  'synapse/redis': `docker.io/library/redis:7@${redis.digest}`,
};
const lock = renderLock({
  ...parseRelease(digestsFileOf(names), 'd.yml'),
  artifacts: new Map([
    [`docker.io/library/redis@${redis.digest}`, []],
    [`ghcr.io/${REPOSITORY}@${synapse.image.digest}`, synapse.artifacts],
  ]),
});

let registry: Registry;
let withApi: ReferrersApi;
let proxy: FaultProxy;

/** Pushes bytes as an index, whatever their digest is. */
async function pushIndex(tag: string, text: string): Promise<void> {
  const answer = await ask(
    'PUT',
    registry.server,
    `/v2/${REPOSITORY}/manifests/${tag}`,
    {},
    {
      headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
      body: Buffer.from(text),
    },
  );
  expect(answer.status).toBe(201);
}
async function pushLists(): Promise<void> {
  for (const { tag, bytes } of referrersLists(synapse.artifacts)) await pushIndex(tag, bytes);
}

beforeAll(async () => {
  registry = await startRegistry();
  withApi = await startReferrersApi(registry.server);
  proxy = await startFaultProxy({ target: registry.url });
  await pushImage(registry.server, 'library/redis', '7', redis);
  // Through the API, which takes note of the referrers; the registry behind it has no lists yet.
  await pushSignedImage(withApi.server, REPOSITORY, synapse);
}, 60_000);
afterAll(async () => {
  await proxy?.stop();
  await withApi?.stop();
  await registry?.stop();
});
beforeEach(() => proxy.setRules([]));

const verify = (server: string, args: string[] = [], mirror = '') => {
  const cwd = folder({
    'images_digests.yml': lock,
    'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: "${server}" }
mirror: { image: "r.example/skopeo@sha256:${'a'.repeat(64)}", insecure: ["${server}"]${mirror} }
`,
  });
  return runEssAirgap(['verify', ...args], { cwd });
};
interface Json {
  artifacts?: Record<string, number>;
  images: {
    image: string;
    artifacts?: { digest: string; result: string; found?: string; reason?: string }[];
  }[];
}
async function verifyJson(
  server: string,
): Promise<{ status: number | null; json: Json; of: (artifact: Artifact) => object | undefined }> {
  const { status, stdout } = await verify(server, ['--format', 'json']);
  const json = JSON.parse(stdout) as Json;
  const all = json.images.flatMap(({ artifacts = [] }) => artifacts);
  return { status, json, of: ({ digest }) => all.find((one) => one.digest === digest) };
}
const referrers = synapse.artifacts.filter(({ tag }) => tag === undefined);
const tagged = synapse.artifacts.filter(({ tag }) => tag !== undefined);
const total = synapse.artifacts.length;

describe('a registry with the referrers API', () => {
  test('everything is there, and the API names it', async () => {
    const run = await verify(withApi.server);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toBe(
      `${withApi.server}: 2 of 2 images are present; ${total} of ${total} artifacts present\n`,
    );
  });
});

test('without the API and without lists, referrers are there and nobody finds them: exit code 1', async () => {
  const { status, json, of } = await verifyJson(registry.server);
  expect(status).toBe(1);
  expect(json.artifacts).toEqual({
    expected: total,
    present: tagged.length,
    missing: 0,
    different: 0,
    unlisted: referrers.length,
    unknown: 0,
  });
  expect(of(referrers[0] as Artifact)).toMatchObject({
    result: 'unlisted',
    reason: `the index at the fallback tag does not name it for ${referrers[0]?.subject}`,
  });
  const table = await verify(registry.server);
  expect(table.status).toBe(1);
  expect(table.stdout).toMatch(/^RESULT +ARTIFACT +IMAGE/m);
  expect(table.stdout).toContain(
    `; ${tagged.length} of ${total} artifacts present, ${referrers.length} unlisted\n`,
  );
});

describe('a registry without the API, with lists at the fallback tags', () => {
  beforeAll(pushLists);

  test('everything is there; an image without any is not asked about', async () => {
    const since = registry.mark();
    const run = await verify(registry.server, ['--format', 'junit']);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain(`tests="${2 + total}" failures="0" errors="0"`);
    expect(
      registry.accessLog(since).filter(({ path }) => /redis\/(referrers|manifests\/sha256)/.test(path)),
    ).toEqual([]);
  });

  test('with mirror.artifacts: signatures only these are asked about, and with none nothing is', async () => {
    const some = await verify(registry.server, [], ', artifacts: signatures');
    const left = Number(/; (\d+) of \1 artifacts present\n/.exec(some.stdout)?.[1]);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(total);
    const none = await verify(registry.server, ['--format', 'json'], ', artifacts: none');
    expect(none.status).toBe(0);
    expect(none.stdout).not.toContain('artifacts');
  });

  test('a signature that was replaced at its tag', async () => {
    const [signature] = tagged;
    if (!signature?.tag) throw new Error('there is no tag');
    const other = makeCosignSignature('somebody else');
    await pushImage(registry.server, REPOSITORY, signature.tag, other);
    const { status, of } = await verifyJson(registry.server);
    expect(status).toBe(1);
    expect(of(signature)).toMatchObject({ result: 'different', found: other.digest, tag: signature.tag });
    const junit = await verify(registry.server, ['--format', 'junit']);
    expect(junit.stdout).toContain(`failures="1" errors="0"`);
    expect(junit.stdout).toContain(`found: ${other.digest}`);
    const original = synapse.manifests.find(({ tag }) => tag === signature.tag);
    await pushImage(registry.server, REPOSITORY, signature.tag, original?.manifest as Image);
  });

  test('a list that lost its types: clients that ask for a type find nothing', async () => {
    const [list] = referrersLists(synapse.artifacts);
    await pushIndex(
      list?.tag ?? '',
      (list?.bytes ?? '').replace(/"artifactType":"[^"]*",?/g, '').replaceAll(',}', '}'),
    );
    const { status, of } = await verifyJson(registry.server);
    expect(status).toBe(1);
    expect(of(list?.artifacts[0] as Artifact)).toMatchObject({
      result: 'unlisted',
      reason: expect.stringContaining('names it with no type; expected '),
    });
    await pushLists();
  });

  test('a list of ours and of others is fine', async () => {
    const [list] = referrersLists(synapse.artifacts);
    const extra = synapse.artifacts.find(({ subject }) => subject !== list?.subject);
    const index = JSON.parse(list?.bytes ?? '') as { manifests: object[] };
    index.manifests.unshift({ mediaType: extra?.mediaType, digest: extra?.digest, size: extra?.size });
    await pushIndex(list?.tag ?? '', JSON.stringify(index));
    expect((await verifyJson(registry.server)).status).toBe(0);
    await pushLists();
  });

  test('a list that cannot be read is an answer that says nothing: exit code 2', async () => {
    const [list] = referrersLists(synapse.artifacts);
    proxy.setRules([{ match: { path: new RegExp(`/referrers/${list?.subject}`) }, fault: { status: 403 } }]);
    const { status, of, json } = await verifyJson(proxy.server);
    expect(status).toBe(2);
    expect(of(list?.artifacts[0] as Artifact)).toMatchObject({
      result: 'unknown',
      reason: expect.stringContaining('403'),
    });
    expect(json.artifacts?.present).toBe(total - (list?.artifacts.length ?? 0));
  });

  test('an artifact that is gone', async () => {
    const [first] = referrers;
    proxy.setRules([{ match: { path: new RegExp(`/manifests/${first?.digest}`) }, fault: { status: 404 } }]);
    const { status, of } = await verifyJson(proxy.server);
    expect(status).toBe(1);
    expect(of(first as Artifact)).toMatchObject({ result: 'missing' });
  });

  test('an image that the registry says nothing about: its artifacts are not asked about', async () => {
    proxy.setRules([{ match: { path: /synapse\/manifests\/v1/ }, fault: { status: 403 } }]);
    const since = proxy.requests.length;
    const { status, json } = await verifyJson(proxy.server);
    expect(status).toBe(2);
    expect(json.artifacts).toMatchObject({ unknown: total, present: 0 });
    expect(proxy.requests.slice(since).filter(({ path }) => path.includes('referrers'))).toEqual([]);
  });
});
