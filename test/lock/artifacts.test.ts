import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Artifact, cosignTag } from '../../lib/digests/artifacts.ts';
import { parseRelease } from '../../lib/digests/read.ts';
import { fallbackTag } from '../../lib/plan/referrers-list.ts';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { type FaultProxy, type Rule, startFaultProxy } from '../support/fault-proxy.ts';
import { type Image, makeImage, makeReferrer, makeReferrersIndex, pushImage } from '../support/images.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const SPDX = 'application/spdx+json';
const synapse = makeImage({ name: 'synapse' });
const redis = makeImage({ name: 'redis', architectures: ['amd64'] });
const arm = synapse.manifests[1] as Image;
const signature = makeReferrer(synapse, BUNDLE, '{"signed":"index"}');
const sbom = makeReferrer(synapse, SPDX, '{"sbom":true}');
const sbomSignature = makeReferrer(sbom, BUNDLE, '{"signed":"sbom"}');
const armSbom = makeReferrer(arm, SPDX, '{"sbom":"arm"}');
// What is at a tag of cosign 2 is a manifest like any other.
const tagged = makeImage({ name: 'signature of cosign 2', architectures: ['amd64'] });

let registry: Registry;
let proxy: FaultProxy;

beforeAll(async () => {
  registry = await startRegistry();
  proxy = await startFaultProxy({ target: registry.url });
  const push = (tag: string | undefined, image: Image) => pushImage(registry.server, 'synapse', tag, image);
  await push('v1', synapse);
  for (const referrer of [signature, sbom, sbomSignature, armSbom]) await push(undefined, referrer);
  await push(fallbackTag(synapse.digest), makeReferrersIndex([signature, sbom]));
  await push(fallbackTag(sbom.digest), makeReferrersIndex([sbomSignature]));
  await push(fallbackTag(arm.digest), makeReferrersIndex([armSbom]));
  await push(cosignTag(synapse.digest, 'sig'), tagged);
  await push(cosignTag(arm.digest, 'att'), tagged);
  await pushImage(registry.server, 'library/redis', '7', redis);
}, 60_000);
afterAll(async () => {
  await proxy?.stop();
  await registry?.stop();
});
beforeEach(() => proxy.setRules([]));

const release = (server: string) => `images_digests:
  synapse:
    redis: { image_repository_path: library/redis, image_repository_server: "${server}", image_tag: "7" }
    synapse: { image_repository_path: synapse, image_repository_server: "${server}", image_tag: v1 }
`;
function workspace(mirror = '', more = ''): string {
  return folder({
    'images_digests.yml': release(proxy.server),
    'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: localregistry.local }
mirror: { image: "quay.io/skopeo/stable@sha256:${'a'.repeat(64)}", insecure: ["${proxy.server}"]${mirror} }
${more}`,
  });
}
const lock = (cwd: string, ...args: string[]) =>
  runEssAirgap(['lock', 'images_digests.yml', '-o', 'images_digests.yml', ...args], { cwd });
const read = (cwd: string): string => readFileSync(join(cwd, 'images_digests.yml'), 'utf8');
const artifactsIn = (cwd: string) => parseRelease(read(cwd), 'd.yml').artifacts;
const keyOf = (repository: string, { digest }: Image): string => `${proxy.server}/${repository}@${digest}`;

const of = (image: Image, subject: string, more: Partial<Artifact> = {}): Artifact => ({
  digest: image.digest,
  subject,
  mediaType: image.mediaType,
  size: image.size,
  ...(!more.tag && { artifactType: image.name }),
  ...more,
});
const byDigest = (a: Artifact, b: Artifact): number => (a.digest < b.digest ? -1 : 1);
const expected = [
  ...[of(signature, synapse.digest), of(sbom, synapse.digest)].sort(byDigest),
  of(tagged, synapse.digest, { tag: cosignTag(synapse.digest, 'sig') }),
  of(armSbom, arm.digest, { platform: 'linux/arm64' }),
  of(tagged, arm.digest, { tag: cosignTag(arm.digest, 'att'), platform: 'linux/arm64' }),
  of(sbomSignature, sbom.digest),
];

/** The referrers API, as far as these tests ask it. */
const api: Rule[] = [
  ...[
    [synapse, [sbom, signature]],
    [sbom, [sbomSignature]],
    [arm, [armSbom]],
  ].map(([subject, referrers]): Rule => {
    const index = makeReferrersIndex(referrers as Image[]);
    return {
      match: { path: new RegExp(`/referrers/${(subject as Image).digest}`) },
      fault: { status: 200, headers: { 'content-type': index.mediaType }, body: index.data.toString() },
    };
  }),
  {
    match: { path: /\/referrers\// },
    fault: {
      status: 200,
      headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
      body: JSON.stringify({ schemaVersion: 2, manifests: [] }),
    },
  },
];

test('everything that belongs to an image is in the lock, and of an image without any that there is none', async () => {
  const cwd = workspace();
  const run = await lock(cwd);
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(run.stdout).toContain(
    '2 distinct images, 6 artifacts (signatures, attestations, SBOMs) for 1 image',
  );
  expect([...artifactsIn(cwd)]).toEqual([
    [keyOf('library/redis', redis), []],
    [keyOf('synapse', synapse), expected],
  ]);
  const text = read(cwd);
  expect(await lock(cwd)).toMatchObject({
    stdout: expect.stringContaining('images_digests.yml is unchanged.'),
  });
  expect(read(cwd)).toBe(text);
});

test('a registry with the API gives the same bytes as one without', async () => {
  const [tag, asked] = [workspace(), workspace()];
  await lock(tag);
  proxy.setRules(api);
  const since = proxy.requests.length;
  await lock(asked);
  expect(read(asked)).toBe(read(tag));
  const fallback = proxy.requests.slice(since).filter(({ path }) => /sha256-[0-9a-f]{64}$/.test(path));
  expect(fallback).toEqual([]);
});

test('manifests are asked for once, and tags by HEAD', async () => {
  const since = proxy.requests.length;
  await lock(workspace());
  const requests = proxy.requests.slice(since);
  const manifests = requests.filter(({ method, path }) => method === 'GET' && path.includes('/manifests/'));
  // Both images, the four artifacts and what is at the tags; the three lists of referrers.
  const byTag = manifests.filter(({ path }) => path.includes('/sha256-'));
  expect(byTag).toHaveLength(3);
  expect(new Set(manifests.map(({ path }) => path)).size).toBe(manifests.length);
  expect(manifests).toHaveLength(2 + 4 + 1 + 3);
});

describe('what changed is said', () => {
  test('an artifact that comes, and one that goes', async () => {
    const cwd = workspace();
    await lock(cwd);
    const other = makeReferrer(redis, BUNDLE, '{"signed":"redis"}');
    proxy.setRules([
      {
        match: { path: new RegExp(`/referrers/${redis.digest}`) },
        fault: {
          status: 200,
          headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
          body: makeReferrersIndex([other]).data.toString(),
        },
      },
      { match: { path: new RegExp(`${cosignTag(synapse.digest, 'sig')}$`) }, fault: { status: 404 } },
    ]);
    await pushImage(registry.server, 'library/redis', undefined, other);
    const run = await lock(cwd, '--check');
    expect(run.status).toBe(1);
    expect(run.stdout).toContain(
      `~ artifacts of ${proxy.server}/library/redis@${redis.digest.slice(0, 19)}\n`,
    );
    expect(run.stdout).toContain(
      `+ ${BUNDLE} ${other.digest.slice(0, 19)} of ${redis.digest.slice(0, 19)}\n`,
    );
    expect(run.stdout).toContain(`- signature at the cosign tag ${tagged.digest.slice(0, 19)}`);
  });

  test('a lock that has none yet, and one that is to have none', async () => {
    const cwd = workspace();
    expect(await lock(cwd, '--no-artifacts')).toMatchObject({ status: 0 });
    expect(read(cwd)).not.toContain('artifacts:');
    const check = await lock(cwd, '--check');
    expect(check).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('+ the artifacts of 2 images'),
    });
    await lock(cwd);
    const off = await lock(cwd, '--no-artifacts');
    expect(off.stdout).toContain('- the artifacts of 2 images');
    expect(read(cwd)).not.toContain('artifacts:');
  });
});

test.each([['mirror.artifacts: none', ', artifacts: none']])(
  'with %s nothing is asked',
  async (_name, mirror) => {
    const cwd = workspace(mirror);
    const since = proxy.requests.length;
    expect(await lock(cwd)).toMatchObject({ status: 0 });
    expect(proxy.requests.slice(since).filter(({ path }) => /referrers|sha256-/.test(path))).toEqual([]);
    expect(read(cwd)).not.toContain('artifacts:');
  },
);

test('what the configuration leaves out is not asked for, and what it adds is', async () => {
  const extra = `${proxy.server}/synapse:v1@${synapse.digest}`;
  const cwd = workspace('', `exclude: [synapse/synapse]\nextra: [{ name: other, source: "${extra}" }]\n`);
  expect(await lock(cwd)).toMatchObject({ status: 0 });
  expect([...artifactsIn(cwd).keys()]).toEqual([keyOf('library/redis', redis), keyOf('synapse', synapse)]);
  const without = workspace('', 'exclude: [synapse/synapse]\n');
  expect(await lock(without)).toMatchObject({ status: 0 });
  expect([...artifactsIn(without).keys()]).toEqual([keyOf('library/redis', redis)]);
});

describe('what is not known is an error, and nothing is written', () => {
  const cases: [string, Rule, RegExp][] = [
    [
      'a registry that forbids to list referrers',
      {
        match: { path: /\/synapse\/referrers\// },
        fault: { status: 403, body: '{"errors":[{"code":"DENIED"}]}' },
      },
      /error: .*synapse.*DENIED.*\n {4}\S+\/synapse@sha256:/,
    ],
    [
      'a registry that forbids to ask for tags of cosign',
      { match: { path: /\.att$/ }, fault: { status: 401 } },
      /refuses access without a credential/,
    ],
    [
      'a list that is none',
      {
        match: { path: /\/synapse\/referrers\// },
        fault: {
          status: 200,
          headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
          body: '{}',
        },
      },
      /the answer is not an index of descriptors/,
    ],
    [
      'a list of artifacts of something else',
      {
        match: { path: new RegExp(`/referrers/${synapse.digest}`) },
        fault: {
          status: 200,
          headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' },
          body: makeReferrersIndex([armSbom]).data.toString(),
        },
      },
      /refers to sha256:\w+, although the registry lists it for sha256:/,
    ],
    [
      'an artifact with other bytes than its digest says',
      {
        match: { method: 'GET', path: new RegExp(sbom.digest) },
        fault: { rewrite: () => '{"schemaVersion":2}' },
      },
      /serves a manifest with the digest/,
    ],
  ];
  test.each(cases)('%s', async (_name, rule, words) => {
    const cwd = workspace();
    const before = read(cwd);
    proxy.setRules([rule]);
    const run = await lock(cwd);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toMatch(words);
    expect(run.stderr).toContain('could not be read, so nothing was written.');
    expect(run.stderr).toContain('add --no-artifacts');
    expect(read(cwd)).toBe(before);
    // The way out that the message names.
    expect(await lock(cwd, '--no-artifacts')).toMatchObject({ status: 0 });
  });

  test('a list that names what is gone is not: the rest is there, and that is said', async () => {
    const cwd = workspace();
    proxy.setRules([{ match: { path: new RegExp(armSbom.digest) }, fault: { status: 404 } }]);
    const run = await lock(cwd);
    expect(run.status).toBe(0);
    expect(run.stderr).toContain('note: 1 artifact is listed by the registry and is not there');
    expect(run.stderr).toContain(armSbom.digest);
    expect(artifactsIn(cwd).get(keyOf('synapse', synapse))).toHaveLength(expected.length - 1);
  });
});

test('a rate limit is waited for as the registry asks', async () => {
  const cwd = workspace();
  proxy.setRules([
    { match: { path: /referrers/ }, times: 2, fault: { status: 429, headers: { 'retry-after': '0' } } },
  ]);
  expect(await lock(cwd)).toMatchObject({ status: 0 });
  expect(artifactsIn(cwd).get(keyOf('synapse', synapse))).toEqual(expected);
});

test('all commands read it; the plan has what is copied', async () => {
  const cwd = workspace();
  await lock(cwd);
  const run = await runEssAirgap(['plan', '--format', 'json'], { cwd });
  expect(run.status).toBe(0);
  const { images, totals } = JSON.parse(run.stdout) as {
    images: { artifacts?: Artifact[] }[];
    totals: object;
  };
  expect(images.map(({ artifacts }) => artifacts)).toEqual([[], expected]);
  expect(totals).toMatchObject({ artifacts: 6 });
  const text = await runEssAirgap(['plan'], { cwd });
  expect(text.stdout).toContain('\n6 artifacts with them: signatures, attestations, SBOMs\n');
  const table = await runEssAirgap(['plan', '--images'], { cwd });
  expect(table.stdout).toMatch(/ARTIFACTS/);
  writeFileSync(join(cwd, 'images_digests.yml'), read(cwd).replace('subject: sha256', 'subject: sha1'));
  const wrong = await runEssAirgap(['plan'], { cwd });
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toMatch(/images_digests\.yml:\d+:\d+: error: the subject of an artifact is "sha1:/);
});
