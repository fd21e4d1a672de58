import { afterAll, beforeAll, expect, test } from 'vitest';
import { referrersLists } from '../../lib/plan/referrers-list.ts';
import type { FaultProxy, Rule } from '../support/fault-proxy.ts';
import { type FaultyRegistries, startFaultyRegistries } from '../support/faulty-registries.ts';
import {
  mirrorManifests,
  outcomeOf,
  pushAuth,
  pushLogin,
  runMirror,
  sourceAuth,
  sourceLogin,
  withEnvironment,
} from '../support/mirror.ts';
import { startPod } from '../support/pod.ts';
import { manifestDigest, type Registry } from '../support/registry.ts';
import { makeSignedImage, pushSignedImage, type SignedImage } from '../support/signed-images.ts';
import { pushesLists } from '../support/skopeo.ts';
import { only } from '../support/synth.ts';

// What becomes of artifacts when something fails on the way, between real registries with logins.

/** Debian's skopeo cannot push lists; with the profile of a registry that has the referrers API, it does not have to. */
const profile = pushesLists ? 'distribution' : 'zot';

let registries: FaultyRegistries;
let source: Registry;
let target: Registry;
let upstream: FaultProxy;
let local: FaultProxy;
let withRules: FaultyRegistries['withRules'];

beforeAll(async () => {
  registries = await startFaultyRegistries([3, 5]);
  ({ source, target, upstream, local, withRules } = registries);
});
afterAll(() => registries?.stop());

type Images = Readonly<Record<string, SignedImage>>;

async function publish(name: string, count = 1): Promise<Images> {
  const names = Array.from({ length: count }, (_, n) => `signed/${name}-${n}`);
  const images = Object.fromEntries(names.map((it) => [it, makeSignedImage(it)]));
  for (const [repository, signed] of Object.entries(images))
    await pushSignedImage(source.server, repository, signed, sourceLogin);
  return images;
}

function manifests(images: Images, attempts = 3) {
  const plan = Object.entries(images).map(([repository, { image, artifacts }]) => ({
    server: upstream.server,
    repository,
    tag: 'v1',
    digest: image.digest,
    artifacts,
  }));
  const auth = [sourceAuth(upstream.server), pushAuth(local.server)];
  const objects = mirrorManifests(plan, local.server, { auth }, { profile });
  return withEnvironment(objects, { ESS_AIRGAP_RETRY_SECONDS: '0', ESS_AIRGAP_ATTEMPTS: String(attempts) });
}

async function expectThere(images: Images): Promise<void> {
  for (const [repository, { image, artifacts }] of Object.entries(images)) {
    const at = (place: string) => manifestDigest(target.server, repository, place, pushLogin);
    expect(await at('v1')).toBe(image.digest);
    for (const { digest, tag } of artifacts) expect(await at(tag ?? digest)).toBe(digest);
    if (profile === 'distribution')
      for (const { tag, digest } of referrersLists(artifacts)) expect(await at(tag)).toBe(digest);
  }
}

const pathOf = (digest = '') => new RegExp(`/manifests/${digest}`);

// skopeo itself asks again after 429, five times.
test.each<[string, number, Rule['fault']]>([
  ['503', 1, { status: 503 }],
  ['429', 7, { status: 429, headers: { 'retry-after': '1' } }],
  ['a connection that breaks', 1, { reset: 'before' }],
])('%s at an artifact is tried again, and all of it arrives', async (name, times, fault) => {
  const images = await publish(`again-${name.replaceAll(' ', '-')}`);
  const [repository = ''] = Object.keys(images);
  const [, sbom] = images[repository]?.artifacts ?? [];
  const rule = { match: { method: 'GET', path: pathOf(sbom?.digest) }, times, fault };
  const { exitCode, line, stderr } = await withRules({ upstream: [rule] }, () =>
    runMirror(manifests(images)),
  );
  expect(exitCode, stderr).toBe(0);
  expect(line(repository)).toMatchObject({
    result: 'copied',
    artifacts: { expected: 6, copied: 6, skipped: 0, failed: 0 },
  });
  await expectThere(images);
});

test('a fault that stays: the image fails for a reason that may pass, and the counts add up', async () => {
  const images = await publish('stays');
  const [repository = ''] = Object.keys(images);
  const [, sbom] = images[repository]?.artifacts ?? [];
  const rule = { match: { path: pathOf(sbom?.digest) }, fault: { status: 500 } };
  const { exitCode, line } = await withRules({ upstream: [rule] }, () => runMirror(manifests(images, 2)));
  expect(exitCode).toBe(1);
  expect(line(repository)).toMatchObject({ result: 'failed', failure: 'transient', class: 'server-error' });
  expect(line(repository).error).toContain(`artifact ${sbom?.digest}: `);

  const again = await runMirror(manifests(images));
  expect(again.line(repository)).toMatchObject({ result: 'skipped', artifacts: { failed: 0 } });
  await expectThere(images);
});

test.each([
  [403, '{"errors":[{"code":"DENIED","message":"no artifacts here"}]}', 'denied', 'permission'],
  [
    400,
    '{"errors":[{"code":"MANIFEST_INVALID","message":"unknown media type"}]}',
    'refused',
    'does not accept this kind of artifact',
  ],
])(
  'a registry that answers %i to artifacts gets the image all the same',
  async (status, body, name, hint) => {
    const images = await publish(`status-${status}`);
    const [repository = ''] = Object.keys(images);
    const refused = new RegExp(
      images[repository]?.artifacts.map(({ tag, digest }) => tag ?? digest).join('|') ?? '',
    );
    const fault = { status, body, headers: { 'content-type': 'application/json' } };
    const rule = { match: { method: 'PUT', path: refused }, fault };
    const { exitCode, line } = await withRules({ local: [rule] }, () => runMirror(manifests(images)));
    expect(exitCode).toBe(3);
    expect(line(repository)).toMatchObject({
      result: 'failed',
      failure: 'permanent',
      class: name,
      artifacts: { expected: 6, copied: 0, skipped: 0, failed: 6 },
    });
    expect(line(repository).hint).toContain(hint);
    expect(await manifestDigest(target.server, repository, 'v1', pushLogin)).toBe(
      images[repository]?.image.digest,
    );
  },
);

test('a storm, then a run with nothing to do', { timeout: 180_000 }, async () => {
  const images = await publish('storm', 4);
  const any = () => true;
  const storm: Rule[] = [
    { match: any, probability: 0.02, fault: { status: 503 } },
    { match: any, probability: 0.02, fault: { reset: 'before' } },
    { match: { method: 'GET' }, probability: 0.02, fault: { truncate: 200 } },
  ];
  await withRules({ upstream: storm, local: storm }, async () => {
    let outcome = await runMirror(manifests(images));
    for (let runs = 0; outcome.exitCode !== 0 && runs < 30; runs++) {
      expect(outcome.exitCode).toBe(1);
      expect(outcome.summary.artifacts?.expected).toBe(24);
      outcome = await runMirror(manifests(images));
    }
    expect(outcome.exitCode).toBe(0);
  });
  await expectThere(images);
  const mark = local.requests.length;
  const { summary } = await runMirror(manifests(images));
  expect(summary).toMatchObject({
    skipped: 4,
    artifacts: { expected: 24, copied: 0, skipped: 24, failed: 0 },
  });
  expect(local.requests.slice(mark).filter(({ method }) => method !== 'GET')).toEqual([]);
});

test('stopped in the middle it accounts for every artifact, and the next run goes on from there', async () => {
  const images = await publish('stopped', 4);
  const objects = manifests(images);
  const pod = startPod({
    manifests: objects,
    job: only(objects, 'Job').metadata.name,
    signalAfter: { signal: 'SIGTERM', ms: 2500 },
  });
  const stopped = outcomeOf(await pod.result);
  expect(stopped.summary.artifacts?.expected).toBe(24);
  const { exitCode, summary } = await runMirror(objects);
  expect(exitCode).toBe(0);
  const before = stopped.summary.artifacts?.copied ?? 0;
  expect(summary.artifacts?.skipped).toBeGreaterThanOrEqual(before);
  expect(summary.artifacts?.failed).toBe(0);
  await expectThere(images);
});
