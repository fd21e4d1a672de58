import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseRelease } from '../../lib/digests/read.ts';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { makeImage, pushImage } from '../support/images.ts';
import { type Registry, startRegistry } from '../support/registry.ts';

const layers = [
  { seed: 'base', size: 1_100_000, perArchitecture: true },
  { seed: 'config', size: 300 },
];
const synapse = makeImage({ name: 'synapse', layers });
// One manifest and no layer of a size that matters.
const redis = makeImage({ name: 'redis', architectures: ['amd64'], layers: [{ seed: 'small', size: 500 }] });

let registry: Registry;
let proxy: FaultProxy;

beforeAll(async () => {
  registry = await startRegistry();
  proxy = await startFaultProxy({ target: registry.url });
  await pushImage(registry.server, 'synapse', 'v1', synapse);
  await pushImage(registry.server, 'library/redis', '7', redis);
}, 60_000);
afterAll(async () => {
  await proxy?.stop();
  await registry?.stop();
});
beforeEach(() => proxy.setRules([]));

function workspace(mirror = ''): string {
  return folder({
    'images_digests.yml': `images_digests:
  synapse:
    redis: { image_repository_path: library/redis, image_repository_server: "${proxy.server}", image_tag: "7" }
    synapse: { image_repository_path: synapse, image_repository_server: "${proxy.server}", image_tag: v1 }
`,
    'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: localregistry.local }
mirror: { image: "quay.io/skopeo/stable@sha256:${'a'.repeat(64)}", insecure: ["${proxy.server}"]${mirror} }
`,
  });
}
const lock = (cwd: string, ...args: string[]) =>
  runEssAirgap(['lock', 'images_digests.yml', '--no-artifacts', '--output', 'lock.yml', ...args], { cwd });
const read = (cwd: string): string => readFileSync(join(cwd, 'lock.yml'), 'utf8');
const layersOf = (cwd: string) => parseRelease(read(cwd), 'lock.yml').layers;

test('--sizes writes the larger layers of every platform, or the largest one', async () => {
  const cwd = workspace();
  expect(await lock(cwd, '--sizes')).toMatchObject({ status: 0, stderr: '' });
  const found = layersOf(cwd)?.get(`${proxy.server}/synapse@${synapse.digest}`);
  expect(found?.map(({ platform }) => platform)).toEqual(['linux/amd64', 'linux/arm64']);
  for (const { layers } of found ?? []) {
    expect(layers).toHaveLength(1);
    const [{ name = '', size = 0 } = {}] = layers;
    expect(synapse.blobs.find(({ digest }) => digest.startsWith(`sha256:${name}`))?.size).toBe(size);
    expect(size).toBeGreaterThan(1_000_000);
  }
  const [single] = layersOf(cwd)?.get(`${proxy.server}/library/redis@${redis.digest}`) ?? [];
  expect(single).toMatchObject({ layers: [{ name: expect.stringMatching(/^[0-9a-f]{12}$/) }] });
  expect(single?.platform).toBeUndefined();
});

test('only the platforms that are copied', async () => {
  const cwd = workspace(', platforms: [linux/arm64]');
  expect(await lock(cwd, '--sizes')).toMatchObject({ status: 0, stderr: '' });
  const found = layersOf(cwd)?.get(`${proxy.server}/synapse@${synapse.digest}`);
  expect(found?.map(({ platform }) => platform)).toEqual(['linux/arm64']);
});

test('without an option the file stays as it is: with sizes or without', async () => {
  const cwd = workspace();
  await lock(cwd);
  expect(read(cwd)).not.toContain('layers:');
  const added = await lock(cwd, '--sizes');
  expect(added.stdout).toContain('+ the layers of 2 images');
  const withSizes = read(cwd);
  expect((await lock(cwd)).stdout).toContain('lock.yml is unchanged');
  expect((await lock(cwd, '--check')).status).toBe(0);
  expect(read(cwd)).toBe(withSizes);
  expect((await lock(cwd, '--no-sizes')).stdout).toContain('- the layers of 2 images');
  expect(read(cwd)).not.toContain('layers:');
});

test('a manifest that cannot be read: nothing is written', async () => {
  const cwd = workspace();
  const [manifest] = synapse.manifests;
  proxy.setRules([{ match: ({ path }) => path.endsWith(manifest?.digest ?? ''), fault: { status: 404 } }]);
  const run = await lock(cwd, '--sizes');
  expect(run).toMatchObject({ status: 2, stdout: '' });
  expect(run.stderr).toContain(`${proxy.server}/synapse@${manifest?.digest} is not in the registry`);
  expect(() => read(cwd)).toThrow();
});
