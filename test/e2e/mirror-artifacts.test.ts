import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { referrersLists } from '../../lib/plan/referrers-list.ts';
import { type Image, makeImage, makeReferrersIndex, pushImage } from '../support/images.ts';
import { mirrorManifests, type Outcome, runMirror, withEnvironment } from '../support/mirror.ts';
import { runPod } from '../support/pod.ts';
import { type ReferrersApi, startReferrersApi } from '../support/referrers-api.ts';
import { ask, manifestDigest, type Registry, startRegistry, tags } from '../support/registry.ts';
import {
  makeCosignSignature,
  makeSignedImage,
  pushSignedImage,
  type SignedImage,
} from '../support/signed-images.ts';
import { pushesLists } from '../support/skopeo.ts';
import { only } from '../support/synth.ts';

// Signatures, attestations and SBOMs, between real registries. Debian's skopeo 1.9.3 cannot push a list of referrers;
// .ci/registries/run puts a later one in its place.

let source: Registry;
let target: Registry;
let api: ReferrersApi;

beforeAll(async () => {
  [source, target] = await Promise.all([startRegistry(), startRegistry()]);
  api = await startReferrersApi(target.server);
});
afterAll(async () => {
  await api?.stop();
  await Promise.all([source?.stop(), target?.stop()]);
});

type MirrorOptions = Parameters<typeof mirrorManifests>[2];

function manifests(
  images: Readonly<Record<string, SignedImage>>,
  mirror: MirrorOptions = {},
  to: Parameters<typeof mirrorManifests>[3] = {},
) {
  const upstream = Object.entries(images).map(([repository, { image, artifacts }]) => ({
    server: source.server,
    repository,
    tag: 'v1',
    digest: image.digest,
    artifacts,
  }));
  const objects = mirrorManifests(upstream, to.server ?? target.server, mirror, to);
  return withEnvironment(objects, { ESS_AIRGAP_RETRY_SECONDS: '0', ESS_AIRGAP_ATTEMPTS: '2' });
}

async function publish(name: string, kind?: 'referrers' | 'tags'): Promise<Record<string, SignedImage>> {
  const signed = makeSignedImage(name, kind);
  await pushSignedImage(source.server, name, signed);
  return { [name]: signed };
}

/** What clients of a registry without the API read: the digest of the list at each subject's tag, and of each tag. */
async function found(name: string, { artifacts }: SignedImage): Promise<(string | undefined)[]> {
  const places = [
    ...referrersLists(artifacts).map(({ tag }) => tag),
    ...artifacts.flatMap(({ tag }) => tag ?? []),
  ];
  return Promise.all(places.map((place) => manifestDigest(target.server, name, place)));
}

function planned({ artifacts }: SignedImage): string[] {
  return [
    ...referrersLists(artifacts).map(({ digest }) => digest),
    ...artifacts.flatMap(({ tag, digest }) => (tag ? digest : [])),
  ];
}

const isWrite = ({ method }: { method: string }) => method !== 'GET' && method !== 'HEAD';

async function remove(name: string, digest: string): Promise<void> {
  const { status } = await ask('DELETE', target.server, `/v2/${name}/manifests/${digest}`);
  expect(status).toBe(202);
}

test('what cosign 2 keeps at tags is copied, skipped the next time, and asked for by verify', async () => {
  const images = await publish('tags', 'tags');
  const first = await runMirror(manifests(images));
  expect(first.exitCode, first.stderr).toBe(0);
  expect(first.line('tags')).toMatchObject({
    result: 'copied',
    artifacts: { expected: 2, copied: 2, skipped: 0, failed: 0 },
  });
  expect(await found('tags', images.tags as SignedImage)).toEqual(planned(images.tags as SignedImage));

  const start = target.mark();
  const second = await runMirror(manifests(images));
  expect(second.line('tags')).toMatchObject({ result: 'skipped', artifacts: { skipped: 2, copied: 0 } });
  expect(target.accessLog(start).filter(isWrite)).toEqual([]);

  const verified = await runMirror(manifests(images, { mode: 'verify' }));
  expect(verified.line('tags')).toMatchObject({
    result: 'present',
    artifacts: { expected: 2, present: 2, failed: 0 },
  });

  const [{ digest = '' } = {}] = images.tags?.artifacts ?? [];
  await remove('tags', digest);
  const lacking = await runMirror(manifests(images, { mode: 'verify' }));
  expect(lacking.exitCode).toBe(3);
  expect(lacking.line('tags')).toMatchObject({
    result: 'failed',
    class: 'not-found',
    error: `the image is there, but ${digest} is not; 1 of 2 artifacts are missing`,
    artifacts: { expected: 2, present: 1, failed: 1 },
  });

  // The image is there: only what is missing is copied.
  const again = await runMirror(manifests(images));
  expect(again.line('tags')).toMatchObject({
    result: 'skipped',
    artifacts: { expected: 2, copied: 1, skipped: 1, failed: 0 },
  });
  expect(await found('tags', images.tags as SignedImage)).toEqual(planned(images.tags as SignedImage));
});

describe('a tag of cosign 2 that has another manifest in the target', () => {
  const theirs = 'signed by the platform team';
  async function conflict(name: string, inTarget: Image): Promise<[Outcome, string | undefined]> {
    const images = await publish(name, 'tags');
    const [{ tag = '' } = {}] = images[name]?.artifacts ?? [];
    await pushImage(target.server, name, tag, inTarget);
    const outcome = await runMirror(manifests(images));
    return [outcome, await manifestDigest(target.server, name, tag)];
  }

  test('it stays if it has every signature of the plan, and more', async () => {
    const both = makeCosignSignature('signature of more', theirs);
    const [{ line }, now] = await conflict('more', both);
    expect(line('more')).toMatchObject({ result: 'copied', artifacts: { copied: 1, skipped: 1, failed: 0 } });
    expect(now).toBe(both.digest);
  });

  test('it is never replaced if it has a signature that the plan does not have', async () => {
    const other = makeCosignSignature(theirs);
    const [{ exitCode, line }, now] = await conflict('other', other);
    expect(exitCode).toBe(3);
    expect(line('other')).toMatchObject({
      result: 'failed',
      failure: 'permanent',
      class: 'artifact-conflict',
      artifacts: { expected: 2, copied: 1, skipped: 0, failed: 1 },
    });
    expect(line('other').hint).toContain('would lose them');
    expect(now).toBe(other.digest);
    expect(await manifestDigest(target.server, 'other', 'v1')).toBeDefined();
  });

  test('it is replaced if all that it has is in the plan', async () => {
    const none = makeCosignSignature();
    const [{ line }] = await conflict('fewer', none);
    expect(line('fewer')).toMatchObject({ result: 'copied', artifacts: { copied: 2 } });
  });
});

test('a registry with the referrers API gets the artifacts and no list', async () => {
  const images = await publish('api');
  const to = { server: api.server, profile: 'zot' as const };
  const first = await runMirror(manifests(images, {}, to));
  expect(first.exitCode, first.stderr).toBe(0);
  expect(first.line('api')).toMatchObject({
    result: 'copied',
    artifacts: { expected: 6, copied: 6, skipped: 0, failed: 0 },
  });
  for (const { subject, bytes } of referrersLists(images.api?.artifacts ?? [])) {
    const { body } = await ask('GET', api.server, `/v2/api/referrers/${subject}`);
    const list = (text: string) => (JSON.parse(text) as { manifests: object[] }).manifests;
    expect(list(body.toString())).toEqual(list(bytes));
  }
  const inTarget = await tags(target.server, 'api');
  expect(inTarget.filter((tag) => /^sha256-[0-9a-f]{64}$/.test(tag))).toEqual([]);

  const second = await runMirror(manifests(images, {}, to));
  expect(second.line('api')).toMatchObject({ result: 'skipped', artifacts: { skipped: 6, failed: 0 } });
});

if (!pushesLists) {
  test.each(['copy', 'verify'] as const)('this skopeo cannot push lists: %s', async (mode) => {
    const images = await publish(`old-${mode}`);
    const objects = manifests(images, { mode });
    const [atSource, atTarget] = [source.mark(), target.mark()];
    if (mode === 'verify') {
      const { exitCode, line } = await runMirror(objects);
      expect(exitCode).toBe(3);
      expect(line('old-verify').class).toBe('not-found');
      return;
    }
    const result = await runPod({ manifests: objects, job: only(objects, 'Job').metadata.name });
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain(
      'this skopeo cannot push a list of referrers as it is, so nothing was copied: Manifest list must be converted',
    );
    expect(result.stderr).toContain(
      'Use skopeo 1.15 or newer, or leave artifacts out (mirror.artifacts: none)',
    );
    expect(source.accessLog(atSource)).toEqual([]);
    expect(target.accessLog(atTarget)).toEqual([]);

    const without = await runMirror(manifests(images, { artifacts: 'none' }));
    expect(without.exitCode).toBe(0);
    expect(without.line(`old-${mode}`)).not.toHaveProperty('artifacts');
  });
} else {
  describe('a registry without the referrers API', () => {
    test('the artifacts are copied after the image and the lists last; another run asks for each list and writes nothing', async () => {
      const images = await publish('all');
      const all = images.all as SignedImage;
      const began = target.mark();
      const first = await runMirror(manifests(images));
      expect(first.exitCode, first.stderr).toBe(0);
      expect(first.line('all')).toMatchObject({
        result: 'copied',
        artifacts: { expected: 6, copied: 6, skipped: 0, failed: 0 },
      });
      expect(first.summary).toMatchObject({ copied: 1, artifacts: { expected: 6, copied: 6 } });
      expect(await found('all', all)).toEqual(planned(all));
      const pushed = target
        .accessLog(began)
        .filter(({ method, path }) => method === 'PUT' && path.includes('/manifests/'))
        .map(({ path }) => path.split('/').at(-1) ?? '');
      expect(pushed.indexOf('v1')).toBe(2);
      for (const { tag, artifacts } of referrersLists(all.artifacts)) {
        for (const { digest } of artifacts) expect(pushed.indexOf(digest)).toBeLessThan(pushed.indexOf(tag));
      }

      const start = target.mark();
      const second = await runMirror(manifests(images));
      expect(second.line('all')).toMatchObject({ result: 'skipped', artifacts: { skipped: 6, copied: 0 } });
      const asked = target.accessLog(start);
      expect(asked.filter(isWrite)).toEqual([]);
      // One before the queue, the image, three lists, two tags.
      expect(asked.filter(({ path }) => path.includes('/manifests/'))).toHaveLength(7);
      expect(source.accessLog(0).filter(isWrite).length).toBeGreaterThan(0);
    });

    test('what an interrupted run brought is not copied again', async () => {
      const images = await publish('resumed');
      const it = images.resumed as SignedImage;
      await runMirror(manifests(images));
      const [list] = referrersLists(it.artifacts);
      const [sig] = it.artifacts.filter(({ tag }) => tag);
      await remove('resumed', list?.digest ?? '');
      await remove('resumed', sig?.digest ?? '');
      const start = source.mark();
      const { line } = await runMirror(manifests(images));
      expect(line('resumed')).toMatchObject({
        result: 'skipped',
        artifacts: { expected: 6, copied: 3, skipped: 3, failed: 0 },
      });
      expect(await found('resumed', it)).toEqual(planned(it));
      const layers = new Set(it.image.blobs.map(({ digest }) => digest));
      const fetched = source.accessLog(start).filter(({ path }) => layers.has(path.split('/').at(-1) ?? ''));
      expect(fetched).toEqual([]);
    });

    describe('a list that is in the target already', () => {
      const own = (subject: Image, note: string) =>
        makeSignedImage(`${note} ${subject.name}`, 'referrers').manifests[0]?.manifest as Image;

      async function withList(name: string, make: (signed: SignedImage) => readonly Image[]) {
        const images = await publish(name, 'referrers');
        const signed = images[name] as SignedImage;
        const entries = make(signed);
        for (const entry of entries) await pushImage(target.server, name, undefined, entry);
        const list = makeReferrersIndex(entries);
        const tag = signed.image.digest.replace(':', '-');
        await pushImage(target.server, name, tag, list);
        const outcome = await runMirror(manifests(images));
        return { ...outcome, signed, images, list, now: await manifestDigest(target.server, name, tag) };
      }
      const ofImage = ({ image, artifacts, manifests }: SignedImage): Image[] =>
        manifests.filter((_, at) => artifacts[at]?.subject === image.digest).map(({ manifest }) => manifest);

      test('it stays if it has more', async () => {
        const { line, now, list, images } = await withList('list-more', (signed) => [
          own(signed.image, 'more'),
          ...ofImage(signed),
        ]);
        expect(line('list-more')).toMatchObject({
          result: 'copied',
          artifacts: { copied: 2, skipped: 2, failed: 0 },
        });
        expect(now).toBe(list.digest);
        const verified = await runMirror(manifests(images, { mode: 'verify' }));
        expect(verified.line('list-more')).toMatchObject({ result: 'present', artifacts: { present: 4 } });
      });

      test('it is replaced if all of it is in the plan', async () => {
        const { line, now, signed } = await withList('list-fewer', (it) => ofImage(it).slice(0, 1));
        expect(line('list-fewer')).toMatchObject({
          result: 'copied',
          artifacts: { copied: 3, skipped: 1, failed: 0 },
        });
        expect(now).toBe(planned(signed)[0]);
      });

      test('it is never replaced if it has something that the plan does not have', async () => {
        const { exitCode, line, now, list } = await withList('list-other', (it) => [own(it.image, 'other')]);
        expect(exitCode).toBe(3);
        expect(line('list-other')).toMatchObject({
          result: 'failed',
          failure: 'permanent',
          class: 'artifact-conflict',
          artifacts: { expected: 4, copied: 2, skipped: 0, failed: 2 },
        });
        expect(now).toBe(list.digest);
      });
    });

    test('verify says what is missing', async () => {
      const images = await publish('verified');
      const it = images.verified as SignedImage;
      await pushImage(target.server, 'verified', 'v1', it.image);
      const none = await runMirror(manifests(images, { mode: 'verify' }));
      expect(none.exitCode).toBe(3);
      expect(none.line('verified')).toMatchObject({
        result: 'failed',
        class: 'not-found',
        artifacts: { expected: 6, present: 0, failed: 6 },
      });
      await runMirror(manifests(images));
      const all = await runMirror(manifests(images, { mode: 'verify' }));
      expect(all.line('verified')).toMatchObject({ result: 'present', artifacts: { present: 6, failed: 0 } });
    });

    test('an artifact that the source has no more fails alone: the others are copied, and no list leaves it out', async () => {
      const images = await publish('gone');
      const it = images.gone as SignedImage;
      const [signature] = it.artifacts;
      await ask('DELETE', source.server, `/v2/gone/manifests/${signature?.digest}`);
      const { exitCode, line } = await runMirror(manifests(images));
      expect(exitCode).toBe(3);
      expect(line('gone')).toMatchObject({
        result: 'failed',
        failure: 'permanent',
        class: 'not-found',
        // The SBOM is there by its digest; without a list nobody finds it.
        artifacts: { expected: 6, copied: 4, skipped: 0, failed: 2 },
      });
      expect(line('gone').error).toContain(`artifact ${signature?.digest}: `);
      expect(line('gone').hint).toContain('run ess-airgap lock again');
      const [list] = referrersLists(it.artifacts);
      expect(await manifestDigest(target.server, 'gone', list?.tag ?? '')).toBeUndefined();
    });
  });
}

test('an image without artifacts has none in its line', async () => {
  const image = makeImage({ name: 'plain' });
  await pushImage(source.server, 'plain', 'v1', image);
  const images = { plain: { image, manifests: [], artifacts: [] } };
  const { line, summary } = await runMirror(manifests(images));
  expect(line('plain')).not.toHaveProperty('artifacts');
  expect(summary).not.toHaveProperty('artifacts');
});
