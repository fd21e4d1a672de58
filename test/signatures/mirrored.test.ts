import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { pushSignable, signSimple } from '../support/cosign-signatures.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';
import { IDENTITY, startSigstore } from '../support/sigstore.ts';

// The whole way: checked and recorded upstream, copied by skopeo, checked again in the local registry without upstream.

let upstream: Registry;
let target: Registry;
beforeAll(async () => {
  [upstream, target] = await Promise.all([startRegistry(), startRegistry()]);
});
afterAll(() => Promise.all([upstream.stop(), target.stop()]));

test('a signature that lock accepted is copied with the image, and verified in the target', async () => {
  const sigstore = await startSigstore();
  const repository = 'element-hq/synapse';
  const image = await pushSignable(upstream.server, repository);
  await signSimple({ server: upstream.server, repository, image }, sigstore, {});
  const cwd = folder({
    'airgap.yaml': `apiVersion: ess-airgap/v1
namespace: element-onprem
registry: { server: "${target.server}", path: ess }
mirror: { image: "quay.io/skopeo/stable@sha256:${'a'.repeat(64)}", insecure: ["${upstream.server}", "${target.server}"] }
verify:
  trustedRoot: trusted_root.json
  images: [{ match: "*/element-hq/*", signedBy: [{ issuer: "${IDENTITY.issuer}", subject: "${IDENTITY.subject}" }] }]
`,
    'images_digests.yml': digestsFileOf({ 'synapse/synapse': `${upstream.server}/${repository}:v1` }),
    'trusted_root.json': JSON.stringify(sigstore.trustedRoot),
  });
  const run = (...args: string[]) => runEssAirgap(args, { cwd });
  const lock = await run('lock', 'images_digests.yml', '--output', 'images_digests.yml');
  expect(lock).toMatchObject({ status: 0, stderr: '' });
  const mirror = await run('mirror');
  expect([mirror.status, mirror.stderr]).toEqual([0, expect.any(String)]);
  await upstream.stop();
  const checked = await run('signatures', '--target', '--format', 'json');
  expect(checked.status).toBe(0);
  expect(JSON.parse(checked.stdout)).toMatchObject({
    from: target.server,
    verified: 1,
    signatures: [
      {
        image: `${target.server}/ess/${repository}@${image.digest}`,
        result: 'verified',
        accepted: [expect.objectContaining(IDENTITY)],
      },
    ],
  });
});
