import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Image, makeImage, pushImage } from '../support/images.ts';
import { mirrorManifests, runMirror } from '../support/mirror.ts';
import { manifestDigest, type Registry, startRegistry, tags } from '../support/registry.ts';

// A choice of platforms, between real registries. Debian's docker-registry, a CNCF distribution 2, takes no index of
// which manifests are missing; version 3, which .ci/registries/run puts in its place, does where it is told to.

const version = spawnSync('docker-registry', ['--version'], { encoding: 'utf8' }).stdout;
const takesSparse = / v3\./.test(version);

const layers = [{ seed: 'own', size: 5_000, perArchitecture: true }];
const images: Record<string, Image> = {
  // As an official image has them: more than anybody here runs.
  three: makeImage({ name: 'three', architectures: ['amd64', 'arm64', 's390x'], layers }),
  two: makeImage({ name: 'two', architectures: ['amd64', 'arm64'], mediaTypes: 'docker', layers }),
  'one-in-an-index': makeImage({ name: 'one', architectures: ['amd64'], index: true, layers }),
  'no-index': makeImage({ name: 'none', architectures: ['amd64'], layers }),
};
const image = (name: string): Image => images[name] as Image;

let source: Registry;
let target: Registry;

beforeAll(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry({ sparseIndexes: true })]);
  for (const [name, it] of Object.entries(images)) await pushImage(source.server, name, 'v1', it);
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
});

function manifests(names: readonly string[], mirror: Parameters<typeof mirrorManifests>[2]) {
  const upstream = names.map((repository) => ({
    server: source.server,
    repository,
    tag: 'v1',
    digest: image(repository).digest,
  }));
  return mirrorManifests(upstream, target.server, mirror);
}

/** The manifests below an index that the target has. */
async function instances(name: string): Promise<boolean[]> {
  const found = image(name).manifests.map(({ digest }) => manifestDigest(target.server, name, digest));
  return (await Promise.all(found)).map((digest) => digest !== undefined);
}

test('all that an index has, chosen by name: the index keeps its digest and is pushed last, at a tag that says so', async () => {
  const start = target.mark();
  const { exitCode, line } = await runMirror(
    manifests(['two'], { platforms: ['linux/arm64', 'linux/amd64'] }),
  );
  expect(exitCode).toBe(0);
  expect(line('two')).toMatchObject({ result: 'copied', image: `${target.server}/two:v1-amd64-arm64` });
  expect(line('two')).not.toHaveProperty('lacks');
  expect(await manifestDigest(target.server, 'two', 'v1-amd64-arm64')).toBe(image('two').digest);
  expect(await instances('two')).toEqual([true, true]);
  const pushed = target
    .accessLog(start)
    .filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'))
    .map(({ path }) => path.split('/').at(-1));
  expect(pushed).toEqual([...image('two').manifests.map(({ digest }) => digest), 'v1-amd64-arm64']);
});

test('an image without index is copied whole', async () => {
  const { exitCode, line } = await runMirror(manifests(['no-index'], { platforms: ['linux/arm64'] }));
  expect(exitCode).toBe(0);
  expect(line('no-index').result).toBe('copied');
  expect(await manifestDigest(target.server, 'no-index', 'v1-arm64')).toBe(image('no-index').digest);
});

test('what an index does not have of the choice is said; where it has nothing of it, the image fails', async () => {
  const some = await runMirror(manifests(['one-in-an-index'], { platforms: ['linux/amd64', 'linux/s390x'] }));
  expect(some.exitCode).toBe(0);
  expect(some.line('one-in-an-index')).toMatchObject({ result: 'copied', lacks: ['linux/s390x'] });
  expect(await manifestDigest(target.server, 'one-in-an-index', 'v1-amd64-s390x')).toBe(
    image('one-in-an-index').digest,
  );
  const none = await runMirror(manifests(['one-in-an-index'], { platforms: ['linux/s390x'] }));
  expect(none.exitCode).toBe(3);
  expect(none.line('one-in-an-index')).toMatchObject({
    result: 'failed',
    failure: 'permanent',
    class: 'no-platform',
    attempts: 1,
  });
  expect(await tags(target.server, 'one-in-an-index')).toEqual(['v1-amd64-s390x']);
});

test('verify mode asks for the tag of the choice', async () => {
  const missing = await runMirror(manifests(['two'], { platforms: ['linux/amd64'], mode: 'verify' }));
  expect(missing.exitCode).toBe(3);
  expect(missing.line('two').class).toBe('not-found');
});

describe('fewer than an index has', () => {
  const choice = { platforms: ['linux/amd64'] };

  if (takesSparse) {
    test('a registry that takes such an index has just those, and a second run writes nothing', async () => {
      const first = await runMirror(manifests(['three'], choice));
      expect(first.exitCode).toBe(0);
      expect(first.line('three').result).toBe('copied');
      expect(await manifestDigest(target.server, 'three', 'v1-amd64')).toBe(image('three').digest);
      expect(await instances('three')).toEqual([true, false, false]);

      const start = target.mark();
      const second = await runMirror(manifests(['three'], choice));
      expect(second.line('three').result).toBe('skipped');
      const asked = target.accessLog(start);
      // One question before the queue, and one for the image.
      expect(asked.length).toBeLessThanOrEqual(4);
      expect(asked.every(({ method }) => method === 'GET' || method === 'HEAD')).toBe(true);
    });

    test('a mirror of all platforms does not take it for complete', async () => {
      await runMirror(manifests(['three'], choice));
      const { exitCode, line } = await runMirror(manifests(['three'], {}));
      expect(exitCode).toBe(0);
      expect(line('three').result).toBe('copied');
      expect(await manifestDigest(target.server, 'three', 'v1')).toBe(image('three').digest);
      expect(await instances('three')).toEqual([true, true, true]);
    });
  } else {
    test('a registry that refuses such an index gets no tag, and the image fails with the reason', async () => {
      const { exitCode, line } = await runMirror(manifests(['three'], choice));
      expect(exitCode).toBe(3);
      expect(line('three')).toMatchObject({ result: 'failed', failure: 'permanent', class: 'refused' });
      expect(line('three').hint).toContain('refuses an index of which platforms are missing');
      expect(await tags(target.server, 'three')).toEqual([]);
    });
  }
});
