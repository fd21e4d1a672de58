import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { makeImage } from '../support/images.ts';
import { digestsFile, pushAll, runMirror, withEnvironment } from '../support/mirror.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { synthesize } from '../support/synth.ts';

const IMAGES = 6;

let source: Registry;
let target: Registry;
let upstream: FaultProxy;

beforeAll(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  upstream = await startFaultProxy({ target: source.url });
}, 60_000);
afterAll(async () => {
  await upstream?.stop();
  await Promise.all([source?.stop(), target?.stop()]);
});

test('from lock --sizes to the Job: a layer that images of several folders share crosses the link once', async () => {
  // Each image in a folder of its own: nothing but the sizes tells that they share a layer.
  const images = Object.fromEntries(
    Array.from({ length: IMAGES }, (_, n) => [
      `team-${n}/image`,
      makeImage({
        name: `shared ${n}`,
        layers: [
          { seed: 'shared base', size: 1_100_000, perArchitecture: true },
          { seed: `own ${n}`, size: 2000 },
        ],
      }),
    ]),
  );
  await pushAll(source.server, images);
  const config = {
    apiVersion: 'ess-airgap/v1' as const,
    registry: { server: target.server },
    mirror: {
      image: `${target.server}/skopeo@sha256:${'a'.repeat(64)}`,
      insecure: [upstream.server, target.server],
      parallel: IMAGES,
    },
  };
  const upstreams = Object.entries(images).map(([repository, { digest }]) => ({
    server: upstream.server,
    repository,
    tag: 'v1',
    digest,
  }));
  const cwd = folder({
    'digests.yml': digestsFile(upstreams),
    'airgap.yaml': JSON.stringify(config),
  });
  const lock = await runEssAirgap(['lock', 'digests.yml', '--no-artifacts', '--sizes', '-o', 'lock.yml'], {
    cwd,
  });
  expect(lock).toMatchObject({ status: 0, stderr: '' });

  // Slow enough that all workers would begin before the first has brought it.
  upstream.setRules([{ match: { path: /\/blobs\// }, fault: { delayMs: 400 } }]);
  const before = upstream.requests.length;
  const charts = synthesize(readFileSync(join(cwd, 'lock.yml'), 'utf8'), config);
  const manifests = withEnvironment(Object.values(charts).flat(), { ESS_AIRGAP_PROGRESS_SECONDS: '1' });
  const outcome = await runMirror(manifests);
  expect(outcome.summary).toMatchObject({ expected: IMAGES, copied: IMAGES, failed: 0 });

  const shared = Object.values(images)[0]?.blobs.filter(({ size }) => size > 1_000_000) ?? [];
  expect(shared).toHaveLength(2);
  for (const { digest } of shared) {
    const asked = upstream.requests
      .slice(before)
      .filter(({ method, path }) => method === 'GET' && path.includes('/blobs/') && path.endsWith(digest));
    expect(asked).toHaveLength(1);
  }
  expect(outcome.stderr).toMatch(/progress: \d+ of 6 images done, \d+ being copied; \d+\.\d MB of 2\.2 MB/);
});
