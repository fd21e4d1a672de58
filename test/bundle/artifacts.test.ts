import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chooseArtifacts } from '../../lib/plan/artifacts.ts';
import { referrersLists } from '../../lib/plan/referrers-list.ts';
import {
  BundleLab,
  blobsIn,
  nginx,
  type ProjectOptions,
  planDigest,
  type Release,
} from '../support/bundles.ts';
import { runEssAirgap, runShell } from '../support/cli-process.ts';
import { type Image, makeReferrer, makeReferrersIndex, pushImage } from '../support/images.ts';
import type { Run } from '../support/project.ts';
import { ask, manifestDigest } from '../support/registry.ts';
import {
  makeCosignSignature,
  makeSignedImage,
  pushSignedImage,
  type SignedImage,
} from '../support/signed-images.ts';
import { pushesLists } from '../support/skopeo.ts';

// Signatures, attestations and SBOMs in a bundle. Debian's skopeo 1.9.3 cannot push a list of referrers;
// .ci/registries/run puts a later one in its place.

/** A registry with the referrers API needs no lists. */
const api: ProjectOptions = { registry: 'profile: zot' };

const unordered = makeSignedImage('synapse');
/** In the order of the plan: subjects first. */
const signed = { ...unordered, artifacts: chooseArtifacts(unordered.artifacts, 'all').copied };
const path = 'element-hq/synapse';
const releaseOf = ({ image, artifacts }: SignedImage, tag = 'v1'): Release => ({
  'synapse/synapse': { path, tag, image, artifacts },
  'well_known/nginx': { path: 'library/nginx', tag: '1.10', image: nginx, artifacts: [] },
});
const release = releaseOf(signed);

let lab: BundleLab;
/** Bundles of the release for a registry with the API, and for one without it. */
let made: string;
let madeWithLists: string;

beforeAll(async () => {
  lab = await BundleLab.start();
  await pushSignedImage(lab.source.server, path, signed);
  made = await bundle(release, 'api', [], api);
  madeWithLists = await bundle(release, 'lists');
});
afterAll(() => lab?.stop());

async function bundle(
  of: Release,
  name: string,
  args: readonly string[] = [],
  more: ProjectOptions = {},
): Promise<string> {
  const output = join(lab.directory, name);
  const run = await lab.bundle(of, ['--output', output, ...args], undefined, more);
  expect(run).toMatchObject({ status: 0, stderr: '' });
  return output;
}

const planOf = (dir: string): string[] => readFileSync(join(dir, 'load.plan'), 'utf8').split('\n');
const linesOf = (dir: string, kind: string): string[] =>
  planOf(dir).filter((line) => line.startsWith(`${kind} `));

/** Loads with one of the two commands; the report as JSON. */
async function load(
  tool: string,
  dir: string,
  older: readonly string[] = [],
  more: Record<string, string> = {},
): Promise<Run & { lines: Report[] }> {
  const env = { ...lab.pushEnv, ...more };
  const digest = ['--digest', planDigest(dir)];
  const run =
    tool === 'load'
      ? await runEssAirgap(['load', dir, ...older, ...digest, '--format', 'json'], {
          cwd: lab.directory,
          env,
        })
      : await runShell(`sh load.sh ${digest.join(' ')} . ${older.join(' ')}`, {
          cwd: dir,
          env: { PATH: process.env.PATH ?? '', HOME: lab.directory, ...env },
        });
  const lines = run.stdout.split('\n').filter((line) => line !== '');
  return { ...run, lines: lines.map((line) => JSON.parse(line) as Report) };
}
interface Report {
  image?: string;
  result?: string;
  artifacts?: { expected: number; copied: number; skipped: number; failed: number };
  [key: string]: unknown;
}
const counts = (copied: number, skipped: number, failed = 0) => ({
  expected: copied + skipped + failed,
  copied,
  skipped,
  failed,
});

const at = (reference: string): Promise<string | undefined> =>
  manifestDigest(lab.target.server, `ess/${path}`, reference, lab.access);
/** The artifacts that are not in the target. */
async function missing({ artifacts }: SignedImage): Promise<string[]> {
  const all = artifacts.map(async ({ digest, tag }) =>
    (await at(tag ?? digest)) === digest ? [] : [tag ?? digest],
  );
  return (await Promise.all(all)).flat();
}
const push = (image: Image, tag?: string): Promise<unknown> =>
  pushImage(lab.target.server, `ess/${path}`, tag, image, lab.access);
const pushed = (mark: number): string[] =>
  lab.target
    .accessLog(mark)
    .filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'))
    .map(({ path }) => path.split('/').at(-1) ?? '');

describe('bundle', () => {
  test('holds every artifact that the digests file names, and says how many', async () => {
    const there = blobsIn(made);
    for (const { manifest } of signed.manifests) {
      for (const { digest } of [manifest, ...manifest.blobs]) expect(there).toContain(digest.slice(7));
    }
    expect(linesOf(made, 'artifact').map((line) => line.split(' ').slice(1))).toEqual(
      signed.artifacts.map(({ digest, size, subject, tag }) => [
        digest,
        String(size),
        '1',
        subject,
        tag ?? '-',
      ]),
    );
    expect(linesOf(made, 'referrers')).toEqual([]);
    const check = spawnSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: made });
    expect(check).toMatchObject({ status: 0 });
    const again = await lab.bundle(release, ['--output', join(lab.directory, 'again')], undefined, api);
    expect(again.stdout).toMatch(/^.*again: 2 images with 6 artifacts, \d+\.\d kB\n/);
    expect(spawnSync('diff', ['-r', made, join(lab.directory, 'again')]).status).toBe(0);
  });

  test('for a registry without the referrers API, the lists that its clients read', () => {
    const lists = referrersLists(signed.artifacts);
    expect(lists).toHaveLength(3);
    expect(linesOf(madeWithLists, 'referrers').map((line) => line.split(' ').slice(1))).toEqual(
      lists.map(({ digest, bytes, subject }) => [digest, String(Buffer.byteLength(bytes)), '1', subject]),
    );
    for (const { digest, bytes } of lists) {
      expect(readFileSync(join(madeWithLists, 'blobs/sha256', digest.slice(7)), 'utf8')).toBe(bytes);
    }
  });

  test('index.json names them for other tools', () => {
    const index = JSON.parse(readFileSync(join(madeWithLists, 'index.json'), 'utf8')) as {
      manifests: { digest: string; artifactType?: string; annotations?: Record<string, string> }[];
    };
    const name = (tag: string): string => `${lab.target.server}/ess/${path}:${tag}`;
    const found = index.manifests.map(({ digest, artifactType, annotations }) => [
      digest,
      artifactType,
      annotations?.['org.opencontainers.image.ref.name'],
    ]);
    for (const { digest, artifactType, tag } of signed.artifacts) {
      expect(found).toContainEqual([digest, artifactType, tag && name(tag)]);
    }
    for (const { digest, tag } of referrersLists(signed.artifacts)) {
      expect(found).toContainEqual([digest, undefined, name(tag)]);
    }
  });

  test('follows the plan: signatures, none, a choice of platforms', async () => {
    const tagsOf = (dir: string): string[] =>
      linesOf(dir, 'artifact').map((line) => line.split(' ')[5] ?? '');
    const signatures = await bundle(release, 'signatures', [], { mirror: 'artifacts: signatures' });
    expect(tagsOf(signatures)).toEqual(['-', '-', `sha256-${signed.image.digest.slice(7)}.sig`]);
    expect(linesOf(signatures, 'referrers')).toHaveLength(2);
    const none = await bundle(release, 'none', [], { mirror: 'artifacts: none' });
    const unknown = await bundle({ ...releaseOf({ ...signed, artifacts: [] }) }, 'unknown');
    expect(tagsOf(none)).toEqual([]);
    expect(spawnSync('diff', ['-r', none, unknown]).status).toBe(0);
    const platform = await bundle(release, 'platform', [], { mirror: 'platforms: [linux/arm64]' });
    const ofIndex = signed.artifacts.filter((it) => !it.platform);
    expect(linesOf(platform, 'artifact').map((line) => line.split(' ')[1])).toEqual(
      ofIndex.map(({ digest }) => digest),
    );
  });

  test('an artifact that cannot be had, or is not as the digests file says: exit code 1 and the reason', async () => {
    const [one, ...rest] = signed.artifacts;
    const digest = `sha256:${'0'.repeat(64)}`;
    if (!one) throw new Error('no artifact');
    for (const [name, artifact, says] of [
      ['gone', { ...one, digest }, `there is no artifact ${digest} any more; run ess-airgap lock again`],
      [
        'size',
        { ...one, size: one.size + 1 },
        `has ${one.size} bytes; the digests file says ${one.size + 1}`,
      ],
      ['subject', { ...one, subject: digest }, `belongs to ${digest}, which the image does not have`],
    ] as const) {
      const of = releaseOf({ ...signed, artifacts: [artifact, ...rest] });
      const run = await lab.bundle(of, ['--output', join(lab.directory, name)]);
      expect(run.status, name).toBe(1);
      expect(run.stdout).toContain(says);
    }
  });
});

describe.each(['load', 'load.sh'])('%s', (tool) => {
  test('pushes the image, then its artifacts, and counts them; then there is nothing to do', async () => {
    lab.emptyTarget();
    const mark = lab.target.mark();
    const run = await load(tool, made);
    expect(run.status, run.stderr).toBe(0);
    expect(run.lines[0]).toMatchObject({ result: 'copied', artifacts: counts(6, 0) });
    expect(run.lines[1]).not.toHaveProperty('artifacts');
    expect(run.lines.at(-1)).toEqual({ ...counts(2, 0), artifacts: counts(6, 0) });
    expect(await missing(signed)).toEqual([]);
    const order = pushed(mark);
    expect(order.slice(order.indexOf('v1'))).toEqual([
      'v1',
      ...signed.artifacts.map(({ digest, tag }) => tag ?? digest),
      '1.10',
    ]);

    const again = await load(tool, made);
    expect(again.lines[0]).toMatchObject({ result: 'skipped', artifacts: counts(0, 6) });
    expect(again.lines.at(-1)).toEqual({ ...counts(0, 2), artifacts: counts(0, 6) });
  });

  test('the image is there and lacks an artifact: only the artifact is pushed', async () => {
    const [one] = signed.artifacts;
    await ask('DELETE', lab.target.server, `/v2/ess/${path}/manifests/${one?.digest}`, lab.access);
    expect(await missing(signed)).toEqual([one?.digest]);
    const mark = lab.target.mark();
    const run = await load(tool, made);
    expect(run.lines[0]).toMatchObject({ result: 'skipped', artifacts: counts(1, 5) });
    expect(pushed(mark)).toEqual([one?.digest]);
    expect(await missing(signed)).toEqual([]);
  });

  test('a tag of cosign 2 that has signatures of others is not replaced', async () => {
    lab.emptyTarget();
    const tag = `sha256-${signed.image.digest.slice(7)}.sig`;
    const theirs = makeCosignSignature('signature of somebody else');
    await push(theirs, tag);
    const run = await load(tool, made);
    expect(run.status).toBe(1);
    expect(run.lines[0]).toMatchObject({
      result: 'failed',
      artifacts: counts(5, 0, 1),
      class: 'artifact-conflict',
      error: expect.stringContaining(
        `the tag ${tag} has signatures or attestations that are not in the bundle`,
      ),
    });
    expect(await at(tag)).toBe(theirs.digest);
    // One that has ours, too, is fine; one that has only some of ours is replaced.
    const both = makeCosignSignature('signature of synapse', 'signature of somebody else');
    await push(both, tag);
    const stays = await load(tool, made);
    expect(stays.lines[0]).toMatchObject({ result: 'skipped', artifacts: counts(0, 6) });
    expect(await at(tag)).toBe(both.digest);
  });

  test(
    pushesLists
      ? 'pushes the lists of referrers last'
      : 'says that this skopeo cannot push the lists of referrers, before anything is pushed',
    async () => {
      lab.emptyTarget();
      const mark = lab.target.mark();
      const run = await load(tool, madeWithLists);
      if (!pushesLists) {
        expect(run).toMatchObject({ status: 2, stdout: '' });
        expect(run.stderr).toContain(
          'cannot push lists of signatures and attestations, which the bundle has',
        );
        expect(run.stderr).toMatch(/Nothing was pushed\.\n$/);
        expect(lab.target.mark()).toBe(mark);
        return;
      }
      expect(run.status, run.stderr).toBe(0);
      expect(run.lines[0]).toMatchObject({ result: 'copied', artifacts: counts(6, 0) });
      const lists = referrersLists(signed.artifacts);
      for (const { tag, digest } of lists) expect(await at(tag)).toBe(digest);
      expect(pushed(mark).slice(-4)).toEqual([...lists.map(({ tag }) => tag), '1.10']);
      const again = await load(tool, madeWithLists);
      expect(again.lines[0]).toMatchObject({ result: 'skipped', artifacts: counts(0, 6) });
    },
  );

  // An older skopeo rejects the bundle, which is tested above.
  if (pushesLists) {
    test('a list that is there already stays, is replaced or is left alone', async () => {
      const [list] = referrersLists(signed.artifacts);
      if (!list) throw new Error('no list');
      const referrers = signed.manifests
        .filter(({ manifest }) => list.artifacts.some(({ digest }) => digest === manifest.digest))
        .map(({ manifest }) => manifest);
      const other = makeCosignSignature('somebody else');
      for (const [theirs, copied, failed] of [
        [makeReferrersIndex([...referrers, other]), 0, 0],
        [makeReferrersIndex(referrers.slice(0, 1)), 1, 0],
        [makeReferrersIndex([other]), 0, 2],
      ] as const) {
        lab.emptyTarget();
        expect((await load(tool, made)).status).toBe(0);
        await push(other);
        await push(theirs, list.tag);
        const run = await load(tool, madeWithLists);
        // The other lists are pushed in any case.
        expect(run.lines[0]).toMatchObject({
          result: failed ? 'failed' : 'skipped',
          artifacts: counts(0, 6 - failed, failed),
          ...(failed && { class: 'artifact-conflict' }),
        });
        expect(await at(list.tag)).toBe(copied ? list.digest : theirs.digest);
      }
    });
  }

  test('an image that cannot be pushed: its artifacts are not tried and count as failed', async () => {
    lab.emptyTarget();
    const { lines } = await load(tool, made, [], { REGISTRY_AUTH_FILE: '' });
    expect(lines[0]).toMatchObject({ result: 'failed', class: 'unauthorized', artifacts: counts(0, 0, 6) });
    expect(lines.at(-1)).toEqual({ ...counts(0, 0, 2), artifacts: counts(0, 0, 6) });
  });
});

describe('--since', () => {
  const layers = signed.manifests.flatMap(({ manifest }) =>
    manifest.blobs.filter(({ mediaType }) => !/empty|config/.test(mediaType)).map(({ digest }) => digest),
  );
  /** The same image, for which there is one more signature now. */
  let next: string;

  beforeAll(async () => {
    const refer = makeReferrer(signed.image, 'application/vnd.dev.sigstore.bundle.v0.3+json', '{"new":true}');
    await pushImage(lab.source.server, path, undefined, refer);
    const added = {
      digest: refer.digest,
      subject: signed.image.digest,
      mediaType: refer.mediaType,
      size: refer.size,
      artifactType: refer.name,
    };
    const of = releaseOf({ ...signed, artifacts: [...signed.artifacts, added] });
    next = await bundle(of, 'next', ['--since', made], api);
    const lists = await bundle(of, 'next-lists', ['--since', madeWithLists]);
    // The list changed, so it is in the bundle.
    const [list] = referrersLists([...signed.artifacts, added]);
    expect(linesOf(lists, 'referrers')[0]).toContain(list?.digest);
    expect(blobsIn(lists)).toContain(list?.digest.slice(7));
    expect(refer.blobs.map(({ digest }) => digest.slice(7)).every((it) => blobsIn(next).includes(it))).toBe(
      true,
    );
  });

  test('leaves out the layers of the artifacts that the older bundle has', () => {
    const there = blobsIn(next);
    for (const layer of layers) expect(there).not.toContain(layer.slice(7));
    for (const { manifest } of signed.manifests) expect(there).toContain(manifest.digest.slice(7));
    const holders = linesOf(next, 'absent').map((line) => line.split(' ')[3]);
    const [one] = signed.artifacts;
    expect(holders).toContain(`${lab.target.server}/ess/${path}@${one?.digest}`);
  });

  test.each(['load', 'load.sh'])(
    '%s takes them from the registry, or from the older folder',
    async (tool) => {
      lab.emptyTarget();
      const rejected = await load(tool, next);
      expect(rejected).toMatchObject({ status: 2, stdout: '' });
      expect(rejected.stderr).toContain('are neither in the registry nor in the folder of an older bundle');
      expect((await load(tool, next, [made])).status).toBe(0);
      expect(await missing(signed)).toEqual([]);
      lab.emptyTarget();
      expect((await load(tool, made)).status).toBe(0);
      const run = await load(tool, next);
      expect(run.status, run.stderr).toBe(0);
      expect(run.lines[0]).toMatchObject({ result: 'skipped', artifacts: counts(1, 6) });
    },
  );

  test('by the digests file of the older release: the same bytes', async () => {
    const cwd = lab.projectOf(release, undefined, api);
    const old = join(cwd, 'images_digests.yml');
    const output = join(lab.directory, 'since-release');
    const run = await lab.bundle(release, ['--output', output, '--since', old], undefined, api);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const same = await bundle(release, 'since-bundle', ['--since', made], api);
    expect(spawnSync('diff', ['-r', same, output]).status).toBe(0);
  });
});

describe('the plan on this side', () => {
  test.each<[string, SignedImage, string]>([
    [
      'has an artifact less',
      { ...signed, artifacts: signed.artifacts.slice(1) },
      'the bundle has the artifact',
    ],
    [
      'has an artifact more',
      {
        ...signed,
        artifacts: [
          ...signed.artifacts,
          {
            digest: `sha256:${'0'.repeat(64)}`,
            subject: signed.image.digest,
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            size: 1,
          },
        ],
      },
      `the bundle lacks the artifact sha256:${'0'.repeat(64)}`,
    ],
  ])('%s: rejected, unless the digest is given', async (_, other, says) => {
    const cwd = lab.projectOf(releaseOf(other), undefined, api);
    const run = await runEssAirgap(['load', made, '--dry-run'], { cwd });
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain(says);
    const given = await runEssAirgap(['load', made, '--dry-run', '--digest', planDigest(made)], { cwd });
    expect(given).toMatchObject({ status: 0, stderr: '' });
    expect(given.stdout).toContain('2 images with 6 artifacts would be pushed');
  });

  test('has the same artifacts: nothing more is asked', async () => {
    const cwd = lab.projectOf(release, undefined, api);
    const run = await runEssAirgap(['load', made, '--dry-run'], { cwd });
    expect(run).toMatchObject({ status: 0, stderr: '' });
    const script = await runShell(`sh load.sh --dry-run --digest ${planDigest(made)}`, { cwd: made });
    expect(script.stdout).toBe(run.stdout);
  });
});
