import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultProxy, Rule } from '../support/fault-proxy.ts';
import { type FaultyRegistries, startFaultyRegistries } from '../support/faulty-registries.ts';
import { type Image, makeImage, pushImage } from '../support/images.ts';
import {
  mirrorManifests,
  outcomeOf,
  pushAll,
  pushAuth,
  pushLogin,
  runMirror,
  sourceAuth,
  sourceLogin,
  withEnvironment,
} from '../support/mirror.ts';
import { startPod } from '../support/pod.ts';
import { manifestDigest, type Registry } from '../support/registry.ts';
import { type Manifest, only } from '../support/synth.ts';

// Whole runs: until all is there whatever happens, and what a run says when it is not.

let registries: FaultyRegistries;
let source: Registry;
let target: Registry;
let upstream: FaultProxy;
let local: FaultProxy;
let withRules: FaultyRegistries['withRules'];

beforeAll(async () => {
  registries = await startFaultyRegistries([7, 11]);
  ({ source, target, upstream, local, withRules } = registries);
});
afterAll(() => registries?.stop());

const base = { seed: 'base', size: 20_000 };
let made = 0;

/** Images of their own for one test, at the source as `NAME/n:v1`. */
async function publish(name: string, count: number, size = 4000): Promise<Record<string, Image>> {
  made += 1;
  const images: Record<string, Image> = {};
  for (let n = 0; n < count; n++) {
    const seed = `${name} ${made} ${n}`;
    const architectures = n % 2 === 0 ? ['amd64', 'arm64'] : ['amd64'];
    images[`${name}/${n}`] = makeImage({ name: seed, architectures, layers: [base, { seed, size }] });
  }
  await pushAll(source.server, images, sourceLogin);
  return images;
}

type MirrorOptions = Parameters<typeof mirrorManifests>[2];

/** The mirror of these images through both proxies, its retries without a wait. */
function manifestsFor(
  images: Readonly<Record<string, Image>>,
  options: MirrorOptions = {},
  env: Record<string, string> = {},
): Manifest[] {
  const plan = Object.entries(images).map(([repository, { digest }]) => ({
    server: upstream.server,
    repository,
    tag: 'v1',
    digest,
  }));
  const manifests = mirrorManifests(plan, local.server, {
    auth: [sourceAuth(upstream.server), pushAuth(local.server)],
    ...options,
  });
  return withEnvironment(manifests, { ESS_AIRGAP_RETRY_SECONDS: '0', ...env });
}

async function expectThere(images: Readonly<Record<string, Image>>): Promise<void> {
  for (const [repository, image] of Object.entries(images)) {
    expect(await manifestDigest(target.server, repository, 'v1', pushLogin)).toBe(image.digest);
    for (const { digest } of image.manifests)
      expect(await manifestDigest(target.server, repository, digest, pushLogin)).toBe(digest);
  }
}

test('44 images through a storm: run until done, then a run with nothing to do', async () => {
  const images = await publish('storm', 44);
  const manifests = manifestsFor(images, { parallel: 6 }, { ESS_AIRGAP_ATTEMPTS: '3' });
  const any = () => true;
  const storm: Rule[] = [
    { match: any, probability: 0.01, fault: { status: 429, headers: { 'retry-after': '1' } } },
    { match: any, probability: 0.02, fault: { status: 500 } },
    { match: any, probability: 0.02, fault: { status: 503 } },
    { match: any, probability: 0.02, fault: { reset: 'before' } },
    { match: any, probability: 0.02, fault: { reset: 500 } },
    { match: { method: 'GET' }, probability: 0.02, fault: { truncate: 200 } },
    { match: any, probability: 0.02, fault: { delayMs: 300 } },
  ];
  await withRules({ upstream: storm, local: storm }, async () => {
    let runs = 0;
    let outcome = await runMirror(manifests);
    while (outcome.exitCode !== 0 && runs++ < 30) {
      expect(outcome.exitCode).toBe(1);
      expect(outcome.summary.expected).toBe(44);
      outcome = await runMirror(manifests);
    }
    expect(outcome.exitCode).toBe(0);
  });
  await expectThere(images);

  const marks = [upstream.requests.length, local.requests.length];
  const again = await runMirror(manifests);
  expect(again.summary).toEqual({ expected: 44, copied: 0, skipped: 44, failed: 0 });
  expect(upstream.requests.slice(marks[0])).toEqual([]);
  const asked = local.requests.slice(marks[1]);
  // One question before the queue, and one per image. With a name and password; with tokens there is one more request for each of these.
  expect(asked).toHaveLength(2 * 45);
  expect(asked.filter(({ method }) => method !== 'GET')).toEqual([]);
});

test('killed at twenty moments, it loses nothing and copies nothing twice', async () => {
  const images = await publish('killed', 30, 100_000);
  const manifests = manifestsFor(images);
  const mark = target.mark();
  let state = 42;
  for (let kill = 0; kill < 20; kill++) {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    const pod = startPod({
      manifests,
      job: only(manifests, 'Job').metadata.name,
      signalAfter: { ms: 50 + (state % 700), signal: 'SIGKILL' },
    });
    await pod.result;
  }
  const outcome = await runMirror(manifests);
  expect(outcome.exitCode).toBe(0);
  await expectThere(images);
  const pushed = target
    .accessLog(mark)
    .filter(
      ({ method, path, status }) => method === 'PUT' && path.endsWith('/manifests/v1') && status === 201,
    );
  expect(new Set(pushed.map(({ path }) => path)).size).toBe(30);
  expect(pushed).toHaveLength(30);
});

test('SIGTERM ends a copy that hangs, and the summary still accounts for every image', async () => {
  const images = await publish('term', 8);
  // A worker for each image: in any order, none waits behind those that hang.
  const manifests = manifestsFor(images, { parallel: 8 });
  const stuck: Rule[] = [{ match: { path: /term\/[2-7]\/blobs/ }, fault: { delayMs: 300_000 } }];
  const mark = upstream.requests.length;
  const outcome = await withRules({ upstream: stuck }, async () => {
    const pod = startPod({ manifests, job: only(manifests, 'Job').metadata.name });
    const verified = (n: number) =>
      local.requests.filter(({ method, path }) => method === 'GET' && path === `/v2/term/${n}/manifests/v1`)
        .length;
    await expect.poll(() => [verified(0), verified(1)], { timeout: 30_000 }).toEqual([3, 2]);
    await expect
      .poll(
        () =>
          new Set(
            upstream.requests.slice(mark).flatMap(({ fault, path }) => (fault ? path.split('/')[3] : [])),
          ).size,
        {
          timeout: 30_000,
        },
      )
      .toBe(6);
    // Until the results of both are written.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await pod.kill('SIGTERM');
    return outcomeOf(await pod.result);
  });
  expect(outcome.exitCode).toBe(1);
  expect(outcome.summary).toEqual({ expected: 8, copied: 2, skipped: 0, failed: 6, interrupted: 6 });
  for (const line of outcome.lines.filter(({ result }) => result === 'failed')) {
    expect(line).toMatchObject({ class: 'interrupted', failure: 'transient' });
  }
  expect(outcome.terminationLog).toContain('interrupted');
  const next = await runMirror(manifests);
  expect(next.summary).toEqual({ expected: 8, copied: 6, skipped: 2, failed: 0 });
});

test('images that share layers with a copy that hangs wait for it once, not each of them', async () => {
  const images = await publish('stuck', 8);
  const manifests = manifestsFor(images, { parallel: 2 });
  const stuck: Rule[] = [{ match: { path: /stuck\/0\/blobs/ }, fault: { delayMs: 300_000 } }];
  const outcome = await withRules({ upstream: stuck }, async () => {
    const pod = startPod({ manifests, job: only(manifests, 'Job').metadata.name });
    const arrived = async () => {
      const found = Object.keys(images).map((name) => manifestDigest(target.server, name, 'v1', pushLogin));
      return (await Promise.all(found)).filter(Boolean).length;
    };
    // Each of the seven would wait for ten seconds.
    await expect.poll(arrived, { timeout: 45_000, interval: 500 }).toBe(7);
    await pod.kill('SIGTERM');
    return outcomeOf(await pod.result);
  });
  expect(outcome.summary).toMatchObject({ expected: 8, copied: 7, failed: 1 });
});

test.each(['dash', 'bash --posix', 'busybox sh'] as const)(
  '%s: faults, retries and SIGTERM in one run',
  async (shell) => {
    const images = await publish('shells', 4);
    const manifests = manifestsFor(images);
    const outcome = await withRules(
      {
        upstream: [
          { match: ({ path }) => path.includes('shells/0/blobs'), times: 2, fault: { status: 500 } },
          { match: ({ path }) => path.includes('shells/1/manifests'), fault: { status: 404 } },
          { match: ({ path }) => path.includes('shells/3/blobs'), fault: { delayMs: 300_000 } },
        ],
      },
      async () => {
        const pod = startPod({ manifests, shell, job: only(manifests, 'Job').metadata.name });
        const copied = (n: number) => async () =>
          (await manifestDigest(target.server, `shells/${n}`, 'v1', pushLogin)) ===
          images[`shells/${n}`]?.digest;
        await expect.poll(copied(0), { timeout: 30_000 }).toBe(true);
        await expect.poll(copied(2), { timeout: 30_000 }).toBe(true);
        // Until both are verified and nothing but the last is left.
        await expect
          .poll(
            () =>
              local.requests.filter(
                ({ method, path }) => method === 'GET' && /shells\/[02]\/manifests/.test(path),
              ).length,
          )
          .toBeGreaterThanOrEqual(6);
        await new Promise((resolve) => setTimeout(resolve, 300));
        await pod.kill('SIGTERM');
        return outcomeOf(await pod.result);
      },
    );
    expect(outcome.line('shells/0')).toMatchObject({ result: 'copied' });
    expect(outcome.line('shells/1')).toMatchObject({ class: 'not-found', failure: 'permanent', attempts: 1 });
    expect(outcome.line('shells/2')).toMatchObject({ result: 'copied', attempts: 1 });
    expect(outcome.line('shells/3')).toMatchObject({ class: 'interrupted' });
    local.requests.splice(0);
  },
);

test('a wrong password is found by one question, said for each image, and nothing is asked of the source', async () => {
  const images = await publish('password', 6);
  const manifests = mirrorManifests(
    Object.entries(images).map(([repository, { digest }]) => ({
      server: upstream.server,
      repository,
      tag: 'v1',
      digest,
    })),
    local.server,
    { auth: [sourceAuth(upstream.server), { ...sourceAuth(local.server) }] },
  );
  const marks = [upstream.requests.length, local.requests.length];
  const outcome = await runMirror(manifests);
  expect(outcome.exitCode).toBe(3);
  for (const line of outcome.lines) expect(line).toMatchObject({ class: 'unauthorized', attempts: 0 });
  expect(outcome.lines[0]?.hint).toContain(`${local.server} does not accept the login for this target`);
  expect(upstream.requests.slice(marks[0])).toEqual([]);
  expect(local.requests.slice(marks[1])).toHaveLength(2);
  expect(outcome.terminationLog).toContain(`unauthorized ${local.server}/password/0:v1`);
});

describe('one image that cannot be right', () => {
  const one = async (
    name: string,
    rules: { upstream?: Rule[]; local?: Rule[] },
    before?: () => Promise<unknown>,
  ) => {
    const images = await publish(name, 1);
    await before?.();
    const outcome = await withRules(rules, () => runMirror(manifestsFor(images)));
    expect(outcome.summary).toMatchObject({ expected: 1, failed: 1 });
    return outcome;
  };

  test('a target that lies about a digest', async () => {
    const { line, exitCode } = await one('liar', {
      local: [
        {
          match: { method: 'GET', path: /liar\/0\/manifests\/v1/ },
          fault: { rewrite: (body) => `${body} ` },
        },
      ],
    });
    expect(exitCode).toBe(3);
    expect(line('liar/0')).toMatchObject({ class: 'digest-not-preserved', attempts: 1 });
  });

  test('a source that answers with other bytes', async () => {
    const { line, exitCode } = await one('swapped', {
      upstream: [{ match: { path: /swapped\/0\/blobs/ }, fault: { rewrite: (body) => body.reverse() } }],
    });
    expect(exitCode).toBe(3);
    expect(line('swapped/0')).toMatchObject({ class: 'digest-not-preserved', attempts: 1 });
  });

  test('a target that refuses an index: its own words, not what skopeo makes of them', async () => {
    const refusal = { errors: [{ code: 'MANIFEST_INVALID', message: 'no lists here' }] };
    const { line, exitCode } = await one('noindex', {
      local: [
        {
          match: { method: 'PUT', path: /noindex\/0\/manifests\/v1/ },
          fault: { status: 400, body: JSON.stringify(refusal) },
        },
      ],
    });
    expect(exitCode).toBe(3);
    expect(line('noindex/0')).toMatchObject({ class: 'refused', attempts: 1 });
    expect(line('noindex/0').error).toContain('manifest invalid: no lists here');
  });

  test('a tag that holds another image and is immutable', async () => {
    const said = "Failed to process request due to 'immutable:v1' configured as immutable.";
    const other = makeImage({ name: 'other' });
    const { line, exitCode } = await one(
      'immutable',
      {
        local: [
          {
            match: { method: 'PUT', path: /immutable\/0\/manifests\/v1/ },
            fault: {
              status: 412,
              body: JSON.stringify({ errors: [{ code: 'PRECONDITION', message: said }] }),
            },
          },
        ],
      },
      () => pushImage(target.server, 'immutable/0', 'v1', other, pushLogin),
    );
    expect(exitCode).toBe(3);
    expect(line('immutable/0')).toMatchObject({ class: 'immutable-tag', attempts: 1 });
  });

  test('a source that wants to be left alone for longer than skopeo waits is not asked again', async () => {
    const mark = upstream.requests.length;
    const { line, exitCode } = await one('later', {
      upstream: [
        {
          match: { path: /later\/0\/manifests/ },
          fault: { status: 429, headers: { 'retry-after': '4000' } },
        },
      ],
    });
    expect(exitCode).toBe(1);
    expect(line('later/0')).toMatchObject({ class: 'rate-limited', failure: 'transient', attempts: 1 });
    expect(line('later/0').hint).toContain('4000 seconds');
    expect(upstream.requests.slice(mark).filter(({ path }) => path.includes('manifests'))).toHaveLength(1);
  });
});

test('once a server asked for fewer requests, its other images wait instead of asking', async () => {
  const images = await publish('quiet', 6);
  const manifests = manifestsFor(images, { parallel: 1 }, { ESS_AIRGAP_RETRY_SECONDS: '1' });
  const mark = upstream.requests.length;
  const outcome = await withRules(
    {
      upstream: [
        {
          match: { path: /quiet\/0\/manifests/ },
          times: 5,
          fault: { status: 429, headers: { 'retry-after': '0' } },
        },
      ],
    },
    () => runMirror(manifests),
  );
  expect(outcome.summary).toEqual({ expected: 6, copied: 6, skipped: 0, failed: 0 });
  const requests = upstream.requests.slice(mark);
  const lastRefusal = requests.findLastIndex(({ status }) => status === 429);
  const nextServed = requests[lastRefusal + 1];
  expect(requests.slice(0, lastRefusal).filter(({ path }) => /quiet\/[1-5]/.test(path))).toEqual([]);
  expect((nextServed?.at ?? 0) - (requests[lastRefusal]?.at ?? 0)).toBeGreaterThanOrEqual(1000);
});

test('a source tag that moved: the planned digest is what arrives; without one, what the tag is now', async () => {
  const images = await publish('moved', 2);
  const now = makeImage({ name: 'moved since' });
  await pushImage(source.server, 'moved/0', 'v1', now, sourceLogin);
  await pushImage(source.server, 'moved/1', 'v1', now, sourceLogin);
  const plan = Object.entries(images).map(([repository, { digest }], n) => ({
    server: upstream.server,
    repository,
    tag: 'v1',
    ...(n === 0 && { digest }),
  }));
  const outcome = await runMirror(
    mirrorManifests(plan, local.server, { auth: [sourceAuth(upstream.server), pushAuth(local.server)] }),
  );
  expect(outcome.exitCode).toBe(0);
  expect(await manifestDigest(target.server, 'moved/0', 'v1', pushLogin)).toBe(images['moved/0']?.digest);
  expect(await manifestDigest(target.server, 'moved/1', 'v1', pushLogin)).toBe(now.digest);
});

test('verify copies nothing and says what is not there', async () => {
  const images = await publish('verify', 3);
  const manifests = (mode: 'copy' | 'verify') => manifestsFor(images, { mode });
  const [first, second, third] = Object.entries(images) as [
    [string, Image],
    [string, Image],
    [string, Image],
  ];
  await pushImage(target.server, first[0], 'v1', first[1], pushLogin);
  await pushImage(target.server, second[0], 'v1', third[1], pushLogin);
  const marks = [upstream.requests.length, local.requests.length];
  const outcome = await runMirror(manifests('verify'));
  expect(outcome.exitCode).toBe(3);
  expect(outcome.line('verify/0').result).toBe('present');
  expect(outcome.summary).toEqual({ expected: 3, present: 1, failed: 2 });
  expect(outcome.line('verify/1')).toMatchObject({ class: 'wrong-digest', failure: 'permanent' });
  expect(outcome.line('verify/2')).toMatchObject({ class: 'not-found', failure: 'permanent' });
  expect(upstream.requests.slice(marks[0])).toEqual([]);
  expect(local.requests.slice(marks[1]).filter(({ method }) => method !== 'GET')).toEqual([]);

  expect((await runMirror(manifests('copy'))).exitCode).toBe(0);
  expect((await runMirror(manifests('verify'))).exitCode).toBe(0);
});

test('a work volume that is full never makes a success of a failure', async () => {
  const images = await publish('full', 4);
  const manifests = manifestsFor(images, {}, { ESS_AIRGAP_ATTEMPTS: '2' });
  const limited = structuredClone(manifests);
  const { volumes } = only(limited, 'Job').spec.template.spec;
  volumes.find(({ name }: { name: string }) => name === 'scratch').emptyDir.sizeLimit = '40Ki';
  const outcome = await runMirror(limited, { enforceSizeLimit: true });
  for (const line of outcome.lines) {
    if (line.result === 'failed') continue;
    const repository = /full\/\d/.exec(line.image)?.[0] ?? '';
    expect(await manifestDigest(target.server, repository, 'v1', pushLogin)).toBe(line.digest);
  }
  expect(outcome.exitCode).toBe(1);
  expect((await runMirror(manifests)).exitCode).toBe(0);
});
