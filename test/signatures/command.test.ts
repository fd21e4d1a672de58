import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folder } from '../support/cli.ts';
import { runEssAirgap } from '../support/cli-process.ts';
import { attach, pushSignable, signBundle, signSimple } from '../support/cosign-signatures.ts';
import { type Image, makeReferrer } from '../support/images.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { digestsFileOf } from '../support/release.ts';
import {
  bundleArtifact,
  IDENTITY,
  makeKey,
  pemOf,
  startSigstore,
  type TestSigstore,
} from '../support/sigstore.ts';

// The command on images in real registries, signed by a sigstore of the test's own.

let upstream: Registry;
let target: Registry;
let sigstore: TestSigstore;
const key = makeKey();
const fingerprint = `sha256:${createHash('sha256')
  .update(key.publicKey.export({ type: 'spki', format: 'der' }))
  .digest('hex')}`;
const images: Record<string, Image> = {};

const NAMES = ['bundle', 'simple', 'key', 'both', 'wrong', 'other', 'unsigned', 'free', 'sbom'] as const;
type Name = (typeof NAMES)[number];

const at = (name: Name, server = upstream.server, repository = `org/${name}`) => {
  const image = images[name];
  if (!image) throw new Error(`no image ${name}`);
  return { server, repository, image };
};

beforeAll(async () => {
  [upstream, target, sigstore] = await Promise.all([startRegistry(), startRegistry(), startSigstore()]);
  for (const name of NAMES) images[name] = await pushSignable(upstream.server, `org/${name}`);
  await signBundle(at('bundle'), sigstore, {});
  await signSimple(at('simple'), sigstore, {});
  await signSimple(at('key'), sigstore, { key, proof: 'none' });
  await signBundle(at('both'), sigstore, { subject: 'https://github.com/evil/x' }, {});
  await signBundle(at('wrong'), sigstore, { subject: 'https://github.com/evil/x' });
  await signSimple(at('wrong'), sigstore, { issuer: 'https://evil.example.org' });
  await signBundle(at('other'), sigstore, { digest: images.bundle?.digest ?? '' });
  const { image: sbom, ...place } = at('sbom');
  await attach(place.server, place.repository, sbom, [
    makeReferrer(sbom, 'application/spdx+json', '{}'),
    bundleArtifact(
      sbom,
      await sigstore.bundle(sbom.digest, { predicateType: 'https://slsa.dev/provenance/v1' }),
      'https://slsa.dev/provenance/v1',
    ),
  ]);
});
afterAll(() => Promise.all([upstream.stop(), target.stop()]));

const RULES = `
    - match: "*/org/key"
      signedBy: [{ key: cosign.pub, transparencyLog: false }]
    - match: "*/org/free"
      signedBy: []
    - match: "*/org/*"
      signedBy:
        - issuer: ${IDENTITY.issuer}
          subjectRegex: https://github\\.com/element-hq/synapse/\\.github/workflows/docker\\.yml@refs/tags/v.*
`;

function workspace(names: readonly Name[], rules = RULES, files: Record<string, string> = {}): string {
  return folder({
    'airgap.yaml': `apiVersion: ess-airgap/v1
namespace: element-onprem
registry: { server: "${target.server}", path: ess }
mirror: { image: "quay.io/skopeo/stable@sha256:${'a'.repeat(64)}", insecure: ["${upstream.server}", "${target.server}"] }
verify:
  trustedRoot: trusted_root.json
  images:${rules}`,
    'images_digests.yml': digestsFileOf(
      Object.fromEntries(
        names.map((name) => [`${name}/${name}`, `${upstream.server}/org/${name}:v1@${images[name]?.digest}`]),
      ),
    ),
    'trusted_root.json': JSON.stringify(sigstore.trustedRoot),
    'cosign.pub': pemOf(key.publicKey),
    ...files,
  });
}

interface Answer {
  readonly verified: number;
  readonly signatures: readonly {
    readonly image: string;
    readonly result: string;
    readonly accepted: readonly object[];
    readonly rejected: readonly { readonly digest: string; readonly reason: string }[];
  }[];
}

async function check(names: readonly Name[], ...args: string[]) {
  const { status, stdout, stderr } = await runEssAirgap(['signatures', '--format', 'json', ...args], {
    cwd: workspace(names),
  });
  if (!stdout) throw new Error(stderr);
  const answer: Answer = JSON.parse(stdout);
  const one = answer.signatures[0];
  if (!one) throw new Error('no image');
  return { status, answer, ...one, reasons: one.rejected.map(({ reason }) => reason) };
}

describe('upstream', () => {
  test.each<[Name, object]>([
    ['bundle', IDENTITY],
    ['simple', IDENTITY],
    ['key', { key: fingerprint }],
    ['both', IDENTITY],
  ])('%s is verified', async (name, signer) => {
    const { status, result, accepted } = await check([name]);
    expect({ status, result }).toEqual({ status: 0, result: 'verified' });
    expect(accepted).toEqual([
      expect.objectContaining({ digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), ...signer }),
    ]);
  });

  test.each<[Name, string, (string | RegExp)[]]>([
    [
      'wrong',
      'rejected',
      [/^it was signed by https:\/\/github\.com\/evil\/x/, /of the issuer https:\/\/evil\.example\.org/],
    ],
    ['other', 'rejected', [/^it is about another image: sha256:/]],
    ['unsigned', 'unsigned', []],
    [
      'sbom',
      'unsigned',
      [/^it is an attestation of the type "https:\/\/slsa\.dev\/provenance\/v1", not a signature/],
    ],
  ])('%s is %s', async (name, expected, reasons) => {
    const found = await check([name]);
    expect(found).toMatchObject({ status: 1, result: expected, accepted: [] });
    expect(found.reasons).toEqual(reasons.map((reason) => expect.stringMatching(reason)));
  });

  test('an image without a policy is never verified, and nothing is asked about it', async () => {
    const before = upstream.mark();
    const { status, result, answer } = await check(['free']);
    expect({ status, result, verified: answer.verified }).toEqual({
      status: 0,
      result: 'no-policy',
      verified: 0,
    });
    expect(upstream.accessLog(before)).toEqual([]);
  });

  test('the text names each image, its signer, and why another one is not accepted', async () => {
    const run = await runEssAirgap(['signatures'], {
      cwd: workspace(['bundle', 'wrong', 'unsigned', 'free']),
    });
    expect(run).toMatchObject({ status: 1, stderr: '' });
    expect(run.stdout).toContain(`${IDENTITY.subject}, of the issuer ${IDENTITY.issuer}`);
    expect(run.stdout).toMatch(/^no policy +\S+org\/free/m);
    expect(run.stdout).toMatch(
      /^rejected: \S+: no accepted signature among 2 signatures; expected the subject /m,
    );
    expect(run.stdout).toMatch(/^ {4}sha256:[0-9a-f]{64}: it was signed by https:\/\/github\.com\/evil\/x/m);
    expect(run.stdout).toMatch(/^unsigned: \S+: it has no signature; expected the subject /m);
    expect(run.stdout).toMatch(
      /^upstream: 1 of 3 images with a policy verified, 1 rejected, 1 unsigned, 1 without a policy$/m,
    );
  });

  test('a registry that does not answer is no answer: exit code 2', async () => {
    const run = await runEssAirgap(['signatures', '--config', 'other.yaml', '--format', 'json'], {
      cwd: workspace(['bundle'], RULES, {
        'other.yaml': `apiVersion: ess-airgap/v1
registry: { server: "${target.server}" }
digests: other.yml
verify: { trustedRoot: trusted_root.json, images: [{ match: "**", signedBy: [{ issuer: a, subject: b }] }] }
`,
        'other.yml': digestsFileOf({ 'a/a': `localhost:9/a:v1@sha256:${'a'.repeat(64)}` }),
      }),
    });
    expect(run.status).toBe(2);
    expect(JSON.parse(run.stdout)).toMatchObject({ unknown: 1, verified: 0 });
  });
});

describe('in the local registry', () => {
  const copy = { repository: 'ess/org/bundle' };

  test('asks only that registry, and is told of a signature that was replaced', async () => {
    const { image } = at('bundle');
    const local = { server: target.server, image, ...copy };
    await pushSignable(target.server, copy.repository);
    const before = await check(['bundle'], '--target');
    expect(before).toMatchObject({ status: 1, result: 'unsigned' });

    await signBundle(local, sigstore, {});
    const mark = upstream.mark();
    const signed = await check(['bundle'], '--target');
    expect(signed).toMatchObject({ status: 0, result: 'verified' });
    expect(signed.image).toBe(`${target.server}/ess/org/bundle@${image.digest}`);
    expect(upstream.accessLog(mark)).toEqual([]);

    await signBundle(local, await startSigstore(), {});
    const replaced = await check(['bundle'], '--target');
    expect(replaced).toMatchObject({ status: 1, result: 'rejected' });
    expect(replaced.reasons).toEqual([
      'its certificate was not issued by a certificate authority of the trusted root',
    ]);
  });
});

describe('a wrong configuration', () => {
  test('without verify', async () => {
    const run = await runEssAirgap(['signatures'], {
      cwd: folder({
        'airgap.yaml': `apiVersion: ess-airgap/v1\nregistry: { server: registry.example.org }\n`,
        'images_digests.yml': digestsFileOf({ 'a/a': `docker.io/a/b:v1@sha256:${'a'.repeat(64)}` }),
      }),
    });
    expect(run.status).toBe(2);
    expect(run.stderr).toContain(
      'airgap.yaml:1:1: error: verify is not set; expected the required signatures of the images',
    );
  });

  test.each([
    ['trusted_root.json', '{}', 'trusted_root.json:1:1: error: this is not a trusted root of sigstore'],
    ['trusted_root.json', 'null', 'this is not a trusted root of sigstore'],
    [
      'cosign.pub',
      'x',
      'cosign.pub:1:1: error: this is not a public key; expected a public key in PEM, as cosign.pub',
    ],
    ['cosign.pub', '-----BEGIN PRIVATE KEY-----\n', 'this is a private key'],
  ])('%s: %s', async (name, text, message) => {
    const run = await runEssAirgap(['signatures'], { cwd: workspace(['bundle'], RULES, { [name]: text }) });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(message);
  });
});
