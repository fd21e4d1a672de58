import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { manifestFor } from '../../lib/bundle/platform.ts';
import { blobsIn, planDigest } from '../support/bundles.ts';
import { runEssAirgap, runShell } from '../support/cli-process.ts';
import { type Image, makeImage, pushImage } from '../support/images.ts';
import { manifestDigest, type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';

// A bundle of some platforms. CNCF distribution 2 refuses an index of which manifests are missing; version 3, which
// .ci/registries/with-distribution puts in its place, accepts it.

const version = spawnSync('docker-registry', ['--version'], { encoding: 'utf8' }).stdout;
const takesSparse = / v3\./.test(version);

const layers = [{ seed: 'own', size: 5_000, perArchitecture: true }];
const images: Record<string, Image> = {
  three: makeImage({ name: 'three', architectures: ['amd64', 'arm64', 's390x'], layers }),
  docker: makeImage({ name: 'docker', architectures: ['amd64', 's390x'], mediaTypes: 'docker', layers }),
  'no-index': makeImage({ name: 'none', architectures: ['s390x'], layers }),
};

let directory: string;
let source: Registry;
let target: Registry;
let output: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ess-airgap-platforms-'));
  output = join(directory, 'bundle');
  [source, target] = await Promise.all([startRegistry(), startRegistry({ sparseIndexes: true })]);
  for (const [name, image] of Object.entries(images)) await pushImage(source.server, name, 'v1', image);
  const references = Object.entries(images).map(([name, { digest }]) => [
    `c/${name}`,
    `${source.server}/${name}:v1@${digest}`,
  ]);
  writeFileSync(join(directory, 'images_digests.yml'), digestsFileOf(Object.fromEntries(references)));
  writeFileSync(
    join(directory, 'airgap.yaml'),
    `apiVersion: ess-airgap/v1
registry: { server: "${target.server}" }
mirror:
  image: "x.example/skopeo@sha256:${'a'.repeat(64)}"
  platforms: [linux/amd64, linux/arm64]
  insecure: ["${source.server}", "${target.server}"]
`,
  );
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

const hexOf = ({ digest }: { digest: string }): string => digest.slice(7);

test('holds the index, and the manifests and layers of the chosen platforms only', async () => {
  const run = await runEssAirgap(['bundle', '--output', output], { cwd: directory });
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(run.stdout).toContain(`\n${source.server}/docker has no image for linux/arm64\n`);
  const { three, docker, 'no-index': whole } = images as Record<'three' | 'docker' | 'no-index', Image>;
  const there = blobsIn(output);
  const held = [three, docker, whole, ...three.manifests.slice(0, 2), docker.manifests[0], ...whole.blobs];
  for (const content of held) expect(there).toContain(hexOf(content as Image));
  for (const content of [three.manifests[2], docker.manifests[1]])
    expect(there).not.toContain(hexOf(content as Image));
  // 3 indexes or manifests; of `three` 2 manifests with 2 configurations and 2 layers; of the others 1 each.
  expect(there).toHaveLength(3 + 6 + 3 + 2 - 1);
  const plan = readFileSync(join(output, 'load.plan'), 'utf8');
  expect(plan).toContain(`omitted sha256:${hexOf(three.manifests[2] as Image)} `);
});

describe.each(['load', 'load.sh'])('%s', (tool) => {
  test(
    takesSparse ? 'pushes them, the index last' : 'says that this registry refuses it, and writes no tag',
    async () => {
      rmSync(join(target.storageDir, 'docker'), { recursive: true, force: true });
      const mark = target.mark();
      const digest = planDigest(output);
      const run =
        tool === 'load'
          ? await runEssAirgap(['load', output, '--format', 'json', '--digest', digest], { cwd: directory })
          : await runShell(`sh load.sh --digest ${digest}`, {
              cwd: output,
              env: { PATH: process.env.PATH ?? '', HOME: directory, ESS_AIRGAP_INSECURE: target.server },
            });
      const reports = run.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const report = (name: string) => reports.find(({ image }) => String(image).includes(`/${name}:`));
      expect(report('no-index')).toMatchObject({ result: 'copied' });
      const tag = 'v1-amd64-arm64';
      if (!takesSparse) {
        expect(run.status).toBe(1);
        expect(report('three')).toMatchObject({
          class: 'refused',
          hint: `${target.server} refuses an index of which platforms are missing: make the bundle with platforms: all.`,
        });
        expect(await manifestDigest(target.server, 'three', tag)).toBeUndefined();
        return;
      }
      expect(run.status).toBe(0);
      for (const name of ['three', 'docker']) {
        expect(await manifestDigest(target.server, name, tag)).toBe(images[name]?.digest);
      }
      const pushed = target
        .accessLog(mark)
        .filter(({ method, path }) => method === 'PUT' && path.startsWith('/v2/three/manifests/'))
        .map(({ path }) => path.split('/').at(-1));
      expect(pushed).toEqual([...(images.three?.manifests ?? []).slice(0, 2).map((it) => it.digest), tag]);
    },
  );
});

describe('the manifest for a platform is the one that skopeo takes', () => {
  const index = [
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm', variant: 'v6' },
    { os: 'linux', architecture: 'arm', variant: 'v7' },
    { os: 'linux', architecture: 'arm64', variant: 'v8' },
    { os: 'windows', architecture: 'amd64' },
    { os: 'unknown', architecture: 'unknown' },
  ].map((platform, n) => ({ n, platform }));
  test.each([
    ['linux/amd64', 0],
    ['linux/arm64', 3],
    ['linux/arm64/v8', 3],
    ['linux/arm', 2],
    ['linux/arm/v7', 2],
    ['linux/arm/v6', 1],
    ['linux/arm/v5', undefined],
    ['linux/arm/v8', 2],
    ['linux/s390x', undefined],
    ['linux/amd64/v3', 0],
    ['windows/amd64', 4],
  ])('%s: %s', (platform, expected) => {
    expect(manifestFor(platform, index)?.n).toBe(expected);
  });
});
