import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Artifact, cosignTag } from '../../lib/digests/artifacts.ts';
import { formatReference, makePlan, type Plan } from '../../lib/index.ts';
import { chooseArtifacts } from '../../lib/plan/artifacts.ts';
import { fallbackTag, referrersLists } from '../../lib/plan/referrers-list.ts';
import { artifactList } from '../support/arbitraries.ts';
import { configWith, containers } from '../support/digests.ts';

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const index = digestOf('index');
const web = { 'web/web': `docker.io/vectorim/element-web:v1@${index}` };
const key = `docker.io/vectorim/element-web@${index}`;
const mirror = { image: `localregistry.local/skopeo@${digestOf('skopeo')}` };
const artifact = (name: string, more: Partial<Artifact> = {}): Artifact => ({
  digest: digestOf(name),
  subject: index,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  size: 100,
  ...more,
});
const bundle = artifact('bundle', { artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json' });
const sbom = artifact('sbom', { artifactType: 'application/spdx+json' });
const signedSbom = artifact('signed', { ...bundle, digest: digestOf('signed'), subject: sbom.digest });
const sig = artifact('sig', { tag: cosignTag(index, 'sig') });
const att = artifact('att', { tag: cosignTag(index, 'att') });
const arm = artifact('arm', {
  subject: digestOf('arm64'),
  platform: 'linux/arm64/v8',
  artifactType: 'application/spdx+json',
});
const list = [signedSbom, bundle, sbom, sig, att, arm];

type Input = Parameters<typeof configWith>[0];
const plan = (artifacts: Map<string, readonly Artifact[]>, input: Input = { mirror }, images = web): Plan =>
  makePlan(containers(images), configWith(input), undefined, { artifacts });
const copied = (made: Plan) => made.relocations[0]?.artifacts?.map(({ digest }) => digest);

describe('what is copied', () => {
  const known = new Map([[key, list]]);

  test('all, what belongs to something behind it', () => {
    expect(copied(plan(known))).toEqual(
      [bundle, sbom, sig, att, arm, signedSbom].map(({ digest }) => digest),
    );
  });

  test('signatures, and none of something that is not copied', () => {
    const made = plan(known, { mirror: { ...mirror, artifacts: 'signatures' } });
    expect(copied(made)).toEqual([bundle.digest, sig.digest]);
  });

  test('none, and of a pull-through cache nothing: the plan is the one without artifacts', () => {
    const none = { mirror: { ...mirror, artifacts: 'none' as const } };
    expect(plan(known, none).relocations).toEqual(plan(new Map(), none).relocations);
    expect(plan(known, none).hash).toBe(plan(new Map()).hash);
    const cache = { registry: { server: 'localregistry.local', pullThrough: true } };
    expect(plan(known, cache).relocations[0]).not.toHaveProperty('artifacts');
  });

  test('with a choice of platforms those of the image and of these platforms', () => {
    const only = (...platforms: string[]) => copied(plan(known, { mirror: { ...mirror, platforms } }));
    expect(only('linux/amd64')).not.toContain(arm.digest);
    expect(only('linux/amd64')).toContain(sig.digest);
    expect(only('linux/arm64')).toContain(arm.digest);
  });

  test('nothing known and nothing found are told apart, and neither changes the hash', () => {
    const unknown = plan(new Map());
    const empty = plan(new Map([[key, []]]));
    expect(unknown.relocations[0]).not.toHaveProperty('artifacts');
    expect(empty.relocations[0]?.artifacts).toEqual([]);
    expect(empty.hash).toBe(unknown.hash);
  });

  test('every fact of an artifact that is copied is in the hash', () => {
    const hashOf = (one: Artifact) => plan(new Map([[key, [one]]])).hash;
    const hashes = [
      sbom,
      { ...sbom, digest: digestOf('x') },
      { ...sbom, subject: digestOf('x') },
      { ...sbom, size: 1 },
      { ...sbom, mediaType: 'a/b' },
      { ...sbom, artifactType: 'a/b' },
      { ...sbom, annotations: { a: 'b' } },
      { ...sbom, tag: cosignTag(index, 'sbom') },
    ].map(hashOf);
    expect(new Set([plan(new Map()).hash, ...hashes]).size).toBe(hashes.length + 1);
  });

  test('two tags of one image both have its artifacts', () => {
    const images = { ...web, 'web/old': `docker.io/vectorim/element-web:v0@${index}` };
    const made = plan(known, { mirror }, images);
    expect(made.relocations.map(({ target }) => formatReference(target))).toHaveLength(2);
    for (const { artifacts } of made.relocations) expect(artifacts).toHaveLength(list.length);
  });
});

test('each artifact is copied or left out for one reason, and what is copied has its subject', () => {
  const kind = fc.constantFrom('all' as const, 'signatures' as const, 'none' as const);
  const platforms = fc.option(fc.constantFrom(['linux/amd64'], ['linux/arm64', 'linux/arm']), {
    nil: undefined,
  });
  fc.assert(
    fc.property(artifactList, kind, platforms, (artifacts, wanted, chosen) => {
      const { copied, unwanted, otherPlatforms } = chooseArtifacts(artifacts, wanted, chosen);
      const all = [...copied, ...unwanted, ...otherPlatforms];
      expect(all).toHaveLength(artifacts.length);
      expect(new Set(all)).toEqual(new Set(artifacts));
      const digests = new Set(artifacts.map(({ digest }) => digest));
      const before = new Set<string>();
      for (const { digest, subject } of copied) {
        if (digests.has(subject)) expect(before).toContain(subject);
        before.add(digest);
      }
      if (wanted === 'all' && !chosen) expect(copied).toHaveLength(artifacts.length);
    }),
  );
});

describe('findings', () => {
  const codes = (made: Plan) =>
    made.findings.map(({ code }) => code).filter((code) => code.startsWith('artifact'));
  const messageOf = (made: Plan, code: string) => made.findings.find((one) => one.code === code)?.message;
  const ghcr = `ghcr.io/element-hq/element-web:v1@${index}`;
  const meeting = { registry: { server: 'localregistry.local', layout: 'flat' as const }, mirror };
  const both = { ...web, 'web/other': ghcr };
  const other = `ghcr.io/element-hq/element-web@${index}`;

  test('none without artifacts, and none for what is copied', () => {
    expect(codes(plan(new Map()))).toEqual([]);
    expect(codes(plan(new Map([[key, list]])))).toEqual([]);
  });

  test('two sources of one image that have other artifacts', () => {
    const collide = (one: Artifact[], two: Artifact[]) =>
      codes(
        plan(
          new Map([
            [key, one],
            [other, two],
          ]),
          meeting,
          both,
        ),
      );
    expect(collide([sig], [artifact('other', { tag: sig.tag as string })])).toEqual(['artifact-collision']);
    expect(collide([sbom], [bundle])).toEqual(['artifact-collision']);
    expect(collide([sbom, sig], [sbom, sig])).toEqual([]);
    expect(collide([sbom], [])).toEqual([]);
    expect(
      codes(
        plan(
          new Map([
            [key, [sbom]],
            [other, [bundle]],
          ]),
          { mirror },
          both,
        ),
      ),
    ).toEqual([]);
  });

  test('an image that the lock does not know', () => {
    const made = plan(new Map([[key, list]]), { mirror }, both);
    expect(codes(made)).toEqual(['artifacts-unknown']);
    expect(messageOf(made, 'artifacts-unknown')).toContain(`of 1 image, so none are copied: ${ghcr}`);
    expect(codes(plan(new Map([[key, list]]), { mirror: { ...mirror, artifacts: 'none' } }, both))).toEqual(
      [],
    );
  });

  test('each is one more request to a server that counts them', () => {
    const limited = { mirror: { ...mirror, rateLimits: { 'docker.io': 10 } } };
    expect(plan(new Map(), limited).findings.map(({ code }) => code)).not.toContain('rate-budget');
    expect(messageOf(plan(new Map([[key, list]]), limited), 'rate-budget')).toContain(
      'up to 15 manifest requests to docker.io (1 image, 8 platforms each and the index, and 6 artifacts)',
    );
  });

  test('a pull-through cache', () => {
    const cache = { registry: { server: 'localregistry.local', pullThrough: true } };
    expect(codes(plan(new Map([[key, list]]), cache))).toEqual(['artifacts-pull-through']);
    expect(codes(plan(new Map([[key, []]]), cache))).toEqual([]);
  });

  test('a choice of platforms', () => {
    const made = plan(new Map([[key, list]]), { mirror: { ...mirror, platforms: ['linux/amd64'] } });
    expect(codes(made)).toEqual(['artifacts-platforms']);
    expect(messageOf(made, 'artifacts-platforms')).toContain(
      '1 artifact of other platforms (linux/arm64/v8) is not copied',
    );
  });

  test.each([
    ['v1.9.3', 'generic', 1],
    ['1.4', 'distribution', 1],
    ['v1.14.5', 'generic', 1],
    ['v1.15.0', 'generic', 0],
    ['v2.0', 'generic', 0],
    ['latest', 'generic', 0],
    ['v1.9.3', 'harbor', 0],
  ] as const)('skopeo %s for %s', (tag, profile, expected) => {
    const image = `localregistry.local/skopeo/stable:${tag}@${digestOf('skopeo')}`;
    const input = { registry: { server: 'localregistry.local', path: 'ess', profile }, mirror: { image } };
    const found = codes(plan(new Map([[key, list]]), input)).filter((code) => code === 'artifacts-skopeo');
    expect(found).toHaveLength(expected);
    // Tags of cosign 2 need no list.
    expect(codes(plan(new Map([[key, [sig, att]]]), input))).toEqual([]);
  });
});

describe('the list of referrers', () => {
  test('is one for each subject, in the order of the artifacts, without those that have tags', () => {
    const lists = referrersLists(list);
    expect(lists.map(({ subject, tag }) => [subject, tag])).toEqual(
      [sbom.digest, index, arm.subject].map((subject) => [subject, fallbackTag(subject)]),
    );
    expect(lists[1]?.artifacts).toEqual([bundle, sbom]);
    expect(JSON.parse(lists[1]?.bytes ?? '')).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [bundle, sbom].map(({ mediaType, digest, size, artifactType }) => ({
        mediaType,
        digest,
        size,
        artifactType,
      })),
    });
    expect(lists[1]?.digest).toBe(digestOf(lists[1]?.bytes ?? ''));
  });
});
