import { afterAll, beforeAll, expect, test } from 'vitest';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';
import { makeSignedImage, pushSignedImage, type SignedImage } from '../support/signed-images.ts';
import { pushesLists } from '../support/skopeo.ts';

// `ess-airgap mirror` as a process, with signatures and attestations.

let source: Registry;
let target: Registry;

beforeAll(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
});

async function project(name: string, signed: SignedImage): Promise<string> {
  await pushSignedImage(source.server, name, signed);
  const image = `${source.server}/${name}`;
  return folder({
    'images_digests.yml': digestsFileOf(
      { 'synapse/synapse': `${image}:v1@${signed.image.digest}` },
      { [`${image}@${signed.image.digest}`]: signed.artifacts },
    ),
    'airgap.yaml': `apiVersion: ess-airgap/v1
registry: { server: "${target.server}" }
mirror: { image: "x.example/skopeo:1@sha256:${'0'.repeat(64)}", insecure: ["${source.server}", "${target.server}"] }
`,
  });
}

test('says how many artifacts an image has, and what became of them', async () => {
  const cwd = await project('tags', makeSignedImage('tags', 'tags'));
  const to = `${target.server}/tags:v1`;
  const dry = await runEssAirgap(['mirror', '--dry-run'], { cwd });
  expect(dry.stdout).toContain(`     to ${to}\n   with 2 artifacts\n`);
  const first = await runEssAirgap(['mirror', '--no-preflight'], { cwd });
  expect(first.stdout).toBe(
    `copied   ${to}  (2 artifacts: 2 copied)\n1 image: 1 copied, 0 skipped, already in the registry, 0 failed\n2 artifacts: 2 copied\n`,
  );
  const second = await runEssAirgap(['mirror', '--no-preflight'], { cwd });
  expect(second.stdout).toBe(
    `skipped  ${to}  (2 artifacts: 2 skipped, already in the registry)\n1 image: 0 copied, 1 skipped, already in the registry, 0 failed\n2 artifacts: 2 skipped, already in the registry\n`,
  );
});

test('lists of referrers are copied, or nothing is if skopeo is too old for them', async () => {
  const cwd = await project('referrers', makeSignedImage('referrers', 'referrers'));
  const mark = target.mark();
  const { status, stdout, stderr } = await runEssAirgap(['mirror', '--no-preflight'], { cwd });
  if (pushesLists) {
    expect(status).toBe(0);
    expect(stdout).toContain('4 artifacts: 4 copied\n');
  } else {
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('this skopeo cannot push a list of referrers as it is, so nothing was copied');
    expect(target.mark()).toBe(mark);
  }
});
