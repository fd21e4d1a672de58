import { expect, test } from 'vitest';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { makeImage } from '../support/images.ts';
import { mirrorManifests, pushAll, pushAuth, pushLogin, runMirror } from '../support/mirror.ts';
import { startRegistry } from '../support/registry.ts';

// Longer than the 60 seconds that skopeo waits; a file of its own, because it does nothing but wait.
const SECONDS = 65;

test('a registry that asks for more than a minute of quiet gets it, from every image, and then all arrive', async () => {
  const [source, target] = await Promise.all([startRegistry(), startRegistry({ password: pushLogin })]);
  const upstream = await startFaultProxy({
    target: source.url,
    rules: [
      {
        match: { path: /^\/v2\/waits\/first\/manifests\// },
        times: 1,
        fault: { status: 429, headers: { 'retry-after': String(SECONDS) } },
      },
    ],
  });
  const images = {
    'waits/first': makeImage({ name: 'first', layers: [{ seed: 'first', size: 3000 }] }),
    'waits/second': makeImage({ name: 'second', layers: [{ seed: 'second', size: 3000 }] }),
  };
  await pushAll(source.server, images);
  const plan = Object.entries(images).map(([repository, { digest }]) => ({
    server: upstream.server,
    repository,
    tag: 'v1',
    digest,
  }));
  const outcome = await runMirror(
    mirrorManifests(plan, target.server, { parallel: 1, auth: [pushAuth(target.server)] }),
  );
  await Promise.all([upstream.stop(), source.stop(), target.stop()]);

  expect(outcome.exitCode).toBe(0);
  expect(outcome.summary).toEqual({ expected: 2, copied: 2, skipped: 0, failed: 0 });
  expect(outcome.line('waits/first').attempts).toBe(2);
  expect(outcome.line('waits/second').attempts).toBe(1);
  const asked = upstream.requests.filter(({ path }) => path.includes('/manifests/'));
  const [refused, next] = asked;
  expect(refused).toMatchObject({ status: 429 });
  expect(next).toMatchObject({ status: 200 });
  expect((next?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(SECONDS * 1000);
}, 200_000);
