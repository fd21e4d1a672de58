import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRelease } from '../../lib/digests/read.ts';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { pushSignable, signBundle, signSimple } from '../support/cosign-signatures.ts';
import type { Image } from '../support/images.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';
import { IDENTITY, startSigstore, type TestSigstore } from '../support/sigstore.ts';

// `lock` checks signatures upstream and records them; everything after it compares what is recorded with the policy.

let upstream: Registry;
let sigstore: TestSigstore;
const images: Record<string, Image> = {};
const NAMES = ['signed', 'older', 'wrong', 'unsigned', 'free'] as const;
type Name = (typeof NAMES)[number];

const at = (name: Name) => ({
  server: upstream.server,
  repository: `org/${name}`,
  image: images[name] as Image,
});

beforeAll(async () => {
  [upstream, sigstore] = await Promise.all([startRegistry(), startSigstore()]);
  for (const name of NAMES) images[name] = await pushSignable(upstream.server, `org/${name}`);
  await signBundle(at('signed'), sigstore, {});
  await signSimple(at('older'), sigstore, {});
  await signBundle(at('wrong'), sigstore, { subject: 'https://github.com/evil/x' });
});
afterAll(() => upstream.stop());

const policy = (subject: string) => `verify:
  trustedRoot: trusted_root.json
  images:
    - match: "*/org/free"
      signedBy: []
    - match: "*/org/*"
      signedBy: [{ issuer: "${IDENTITY.issuer}", subject: "${subject}" }]
`;
const config = (verify: string) => `apiVersion: ess-airgap/v1
namespace: element-onprem
registry: { server: localregistry.local }
mirror: { image: "localregistry.local/skopeo@sha256:${'a'.repeat(64)}", insecure: ["${upstream.server}"] }
${verify}`;

function workspace(names: readonly Name[], verify = policy(IDENTITY.subject)): string {
  return folder({
    'airgap.yaml': config(verify),
    'images_digests.yml': digestsFileOf(
      Object.fromEntries(names.map((name) => [`${name}/${name}`, `${upstream.server}/org/${name}:v1`])),
    ),
    'trusted_root.json': JSON.stringify(sigstore.trustedRoot),
  });
}

const lock = (cwd: string, ...args: string[]) =>
  runEssAirgap(['lock', 'images_digests.yml', '--output', 'images_digests.yml', ...args], { cwd });
const read = (cwd: string) => readFileSync(join(cwd, 'images_digests.yml'), 'utf8');

describe('signatures that the policy accepts', () => {
  test('are recorded, the same bytes each time, and shown by the plan', async () => {
    const cwd = workspace(['signed', 'older', 'free']);
    const run = await lock(cwd);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toContain(', signatures of 2 images verified, 1 without a policy');
    const { signatures } = parseRelease(read(cwd), 'lock.yml');
    expect(Object.fromEntries(signatures ?? [])).toEqual(
      Object.fromEntries(
        (['older', 'signed'] as const).map((name) => [
          `${upstream.server}/org/${name}@${images[name]?.digest}`,
          [
            {
              digest: expect.stringMatching(/^sha256:/),
              signer: IDENTITY,
              time: expect.stringMatching(/Z$/),
              logged: true,
            },
          ],
        ]),
      ),
    );
    const before = read(cwd);
    const again = await lock(cwd);
    expect(again.stdout).toContain('images_digests.yml is unchanged.');
    expect(read(cwd)).toBe(before);

    const plan = await runEssAirgap(['plan', '--format', 'json'], { cwd });
    const planned = JSON.parse(plan.stdout);
    expect(planned.images.map(({ signatures: one }: { signatures: object }) => one)).toEqual([
      { policy: null, accepted: [] },
      { policy: '*/org/*', accepted: [expect.objectContaining(IDENTITY)] },
      { policy: '*/org/*', accepted: [expect.objectContaining(IDENTITY)] },
    ]);
    expect(planned.findings.map(({ code }: { code: string }) => code)).not.toContain('signature-missing');
    expect(await runEssAirgap(['synth'], { cwd })).toMatchObject({ status: 0 });
  });
});

describe('signatures that the policy does not accept', () => {
  test.each<[Name, string]>([
    ['wrong', 'no accepted signature among 1 signature; expected the subject '],
    ['unsigned', 'it has no signature; expected the subject '],
  ])('%s: nothing is written', async (name, reason) => {
    const cwd = workspace(['signed', name]);
    const before = read(cwd);
    const run = await lock(cwd);
    expect(run).toMatchObject({ status: 1, stdout: '' });
    expect(run.stderr).toContain(`${upstream.server}/org/${name}:v1@${images[name]?.digest}: ${reason}`);
    expect(run.stderr).toContain('1 image is not signed as verify wants, so nothing was written.');
    if (name === 'wrong')
      expect(run.stderr).toMatch(
        /^ {4}sha256:[0-9a-f]{64}: it was signed by https:\/\/github\.com\/evil\/x/m,
      );
    expect(read(cwd)).toBe(before);
  });

  test('a policy that is stricter than the record stops synth and mirror before anything is written or copied', async () => {
    const cwd = workspace(['signed']);
    expect(await lock(cwd)).toMatchObject({ status: 0 });
    writeFileSync(join(cwd, 'airgap.yaml'), config(policy('https://github.com/element-hq/other')));
    for (const command of ['synth', 'mirror', 'bundle']) {
      const run = await runEssAirgap([command, ...(command === 'bundle' ? ['--output', 'bundle'] : [])], {
        cwd,
      });
      expect(run.status).not.toBe(0);
      expect(run.stderr).toContain('[signature-missing]');
      expect(run.stderr).toContain(`it is signed by ${IDENTITY.subject}, of the issuer ${IDENTITY.issuer}`);
    }
    expect(existsSync(join(cwd, 'dist'))).toBe(false);
    expect(existsSync(join(cwd, 'bundle'))).toBe(false);
  });

  test('a release file without record: every command that copies stops', async () => {
    const cwd = workspace(['signed']);
    const run = await runEssAirgap(['synth'], { cwd });
    expect(run.status).not.toBe(0);
    expect(run.stderr).toContain('no signature is recorded for 1 image that verify wants signed by');
  });
});

test('without verify nothing is recorded', async () => {
  const cwd = workspace(['signed'], '');
  expect(await lock(cwd)).toMatchObject({ status: 0 });
  expect(read(cwd)).not.toContain('signatures:');
});
