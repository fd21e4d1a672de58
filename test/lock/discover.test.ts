import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Artifact, artifactsKey, cosignTag, findWrongArtifact } from '../../lib/digests/artifacts.ts';
import { discoverArtifacts } from '../../lib/lock/discover.ts';
import type { ArtifactSource } from '../../lib/lock/subject-artifacts.ts';
import { RegistryError } from '../../lib/registry/error.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const sha256 = (bytes: string | Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry in memory, which answers as it is told. */
class Fake implements ArtifactSource {
  readonly manifests = new Map<string, Buffer>();
  readonly tags = new Map<string, string>();
  readonly lists = new Map<string, { digest: string; mediaType: string; size: number }[]>();
  readonly asked: string[] = [];
  refuse: (question: string) => boolean = () => false;

  add(manifest: object): string {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, ...manifest }));
    this.manifests.set(sha256(bytes), bytes);
    return sha256(bytes);
  }

  image(name: string, platforms: readonly object[] = []): string {
    const below = platforms.map((platform, index) => ({
      mediaType: MANIFEST,
      digest: this.add({ mediaType: MANIFEST, config: { mediaType: 'a/b' }, name: `${name}/${index}` }),
      size: 1,
      platform,
    }));
    if (below.length === 0) return this.add({ mediaType: MANIFEST, config: { mediaType: 'a/b' }, name });
    return this.add({ mediaType: INDEX, manifests: below, name });
  }

  /** The manifests that an index names. */
  below(digest: string): string[] {
    const { manifests } = JSON.parse(String(this.manifests.get(digest))) as {
      manifests: { digest: string }[];
    };
    return manifests.map((manifest) => manifest.digest);
  }

  list(subject: string, digest: string): string {
    const size = this.manifests.get(digest)?.length ?? 1;
    this.lists.set(subject, [...(this.lists.get(subject) ?? []), { digest, mediaType: MANIFEST, size }]);
    return digest;
  }

  refer(subject: string, more: object = {}): string {
    return this.list(
      subject,
      this.add({
        mediaType: MANIFEST,
        artifactType: 'application/spdx+json',
        subject: { digest: subject },
        ...more,
      }),
    );
  }

  async #ask(question: string): Promise<void> {
    this.asked.push(question);
    if (this.refuse(question)) throw new RegistryError('unexpected', `${question}: denies access (403)`);
  }

  async digestOf(_: unknown, reference: string): Promise<string | undefined> {
    await this.#ask(`HEAD ${reference}`);
    return this.tags.get(reference);
  }

  async manifest(_: unknown, digest: string) {
    await this.#ask(`GET ${digest}`);
    const bytes = this.manifests.get(digest);
    return bytes && { digest, bytes };
  }

  async referrers(_: unknown, subject: string) {
    await this.#ask(`referrers ${subject}`);
    return { descriptors: this.lists.get(subject) ?? [], from: 'api' as const };
  }
}

const of = (digest: string, repository = 'a/b', registry = 'r.example') => ({ registry, repository, digest });
const amd64 = { os: 'linux', architecture: 'amd64' };
const arm = { os: 'linux', architecture: 'arm', variant: 'v7' };

async function artifactsOf(fake: Fake, digest: string): Promise<readonly Artifact[]> {
  const { artifacts, failed } = await discoverArtifacts([of(digest)], fake);
  expect(failed).toEqual([]);
  return artifacts.get(artifactsKey(of(digest)) ?? '') ?? [];
}

async function reasonFor(fake: Fake, digest: string): Promise<string> {
  const { artifacts, failed } = await discoverArtifacts([of(digest)], fake);
  expect(artifacts.size).toBe(0);
  expect(failed).toHaveLength(1);
  return failed[0]?.reason ?? '';
}

describe('what is found', () => {
  test('referrers and tags of the index, of the manifests below it, and of what was found', async () => {
    const fake = new Fake();
    const image = fake.image('x', [amd64, arm]);
    const [first = '', second = ''] = fake.below(image);
    const sbom = fake.refer(image, { annotations: { b: '2', a: '1' } });
    const signed = fake.refer(sbom, { artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json' });
    const deep = fake.refer(second, { artifactType: '', config: { mediaType: 'application/vnd.x.config' } });
    const deeper = fake.refer(deep);
    const sig = fake.add({ mediaType: MANIFEST, layers: [] });
    fake.tags.set(cosignTag(image, 'sig'), sig);
    fake.tags.set(cosignTag(first, 'att'), sig);
    fake.tags.set(cosignTag(deeper, 'sbom'), sig);
    const size = (digest: string): number => fake.manifests.get(digest)?.length ?? 0;
    const common = { mediaType: MANIFEST, artifactType: 'application/spdx+json' };
    const tagged = { digest: sig, mediaType: MANIFEST, size: size(sig) };
    const linuxArm = { platform: 'linux/arm/v7' };
    expect(await artifactsOf(fake, image)).toEqual([
      { ...common, digest: sbom, subject: image, size: size(sbom), annotations: { a: '1', b: '2' } },
      { ...tagged, subject: image, tag: cosignTag(image, 'sig') },
      { ...tagged, subject: first, tag: cosignTag(first, 'att'), platform: 'linux/amd64' },
      {
        ...common,
        digest: deep,
        subject: second,
        size: size(deep),
        ...linuxArm,
        artifactType: 'application/vnd.x.config',
      },
      {
        ...common,
        digest: signed,
        subject: sbom,
        size: size(signed),
        artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      },
      { ...common, digest: deeper, subject: deep, size: size(deeper), ...linuxArm },
      { ...tagged, subject: deeper, tag: cosignTag(deeper, 'sbom'), ...linuxArm },
    ]);
  });

  test('an image without any has an empty list, and one without an index too', async () => {
    const fake = new Fake();
    expect(await artifactsOf(fake, fake.image('x', [amd64]))).toEqual([]);
    expect(await artifactsOf(fake, fake.image('y'))).toEqual([]);
  });

  test('a manifest that an index names for two platforms belongs to both', async () => {
    const fake = new Fake();
    const digest = fake.image('one');
    const both = [amd64, arm].map((platform) => ({ digest, mediaType: MANIFEST, size: 1, platform }));
    const image = fake.add({ mediaType: INDEX, manifests: both });
    fake.refer(digest);
    expect((await artifactsOf(fake, image))[0]).not.toHaveProperty('platform');
  });

  test('the order is not that of the registry', async () => {
    const lists = await Promise.all(
      [false, true].map(async (reversed) => {
        const fake = new Fake();
        const image = fake.image('x');
        for (let index = 0; index < 5; index++) fake.refer(image, { index });
        if (reversed) fake.lists.get(image)?.reverse();
        return artifactsOf(fake, image);
      }),
    );
    expect(lists[0]).toEqual(lists[1]);
  });

  test('what two images share is asked for once, and belongs to both', async () => {
    const fake = new Fake();
    const shared = fake.image('shared');
    const indexes = ['x', 'y'].map((name) =>
      fake.add({
        mediaType: INDEX,
        name,
        manifests: [{ digest: shared, mediaType: MANIFEST, size: 1, platform: amd64 }],
      }),
    );
    const sbom = fake.refer(shared);
    const { artifacts } = await discoverArtifacts(
      indexes.map((digest) => of(digest)),
      fake,
    );
    expect([...artifacts.values()].map((list) => list.map(({ digest }) => digest))).toEqual([[sbom], [sbom]]);
    expect(fake.asked.filter((question) => question === `referrers ${shared}`)).toHaveLength(1);
  });

  test('a list that names what is gone: the rest is found, and that is said', async () => {
    const fake = new Fake();
    const image = fake.image('x');
    const sbom = fake.refer(image);
    const gone = fake.list(image, sha256('gone'));
    const { artifacts, failed, gone: said } = await discoverArtifacts([of(image)], fake);
    expect(failed).toEqual([]);
    expect([...artifacts.values()].map((list) => list.map(({ digest }) => digest))).toEqual([[sbom]]);
    expect(said).toEqual([`r.example/a/b@${gone}`]);
  });
});

describe('an image whose artifacts are not known is said to be that, and others are known', () => {
  test.each(['referrers', 'HEAD', 'GET'])('a registry that refuses %s', async (kind) => {
    const fake = new Fake();
    const [bad, good] = [fake.image('bad'), fake.image('good')];
    const hex = bad.slice('sha256:'.length);
    fake.refuse = (question) => question.startsWith(kind) && question.includes(hex);
    const { artifacts, failed } = await discoverArtifacts([of(bad), of(good)], fake);
    expect([...artifacts.keys()]).toEqual([`r.example/a/b@${good}`]);
    expect(failed).toEqual([{ image: `r.example/a/b@${bad}`, reason: expect.stringContaining('(403)') }]);
  });

  test('the first image of a server is asked for alone', async () => {
    const fake = new Fake();
    const images = ['a', 'b', 'c'].map((name) => fake.image(name));
    fake.refuse = () => true;
    const [first] = images;
    const running = discoverArtifacts(
      images.map((digest) => of(digest)),
      fake,
    );
    expect(fake.asked).toEqual([`GET ${first}`]);
    expect((await running).failed).toHaveLength(3);
  });

  const cases: [string, (fake: Fake, image: string) => void, RegExp][] = [
    [
      'a referrer of something else',
      (fake, image) => fake.list(image, fake.add({ mediaType: MANIFEST, subject: { digest: sha256('x') } })),
      /refers to sha256:\w+, although the registry lists it for sha256:/,
    ],
    [
      'a referrer of nothing',
      (fake, image) => fake.list(image, fake.add({ mediaType: MANIFEST })),
      /refers to nothing, although/,
    ],
    [
      'a referrer that is no manifest',
      (fake, image) => {
        fake.manifests.set(sha256('x'), Buffer.from('x'));
        fake.list(image, sha256('x'));
      },
      /is not a manifest of OCI or Docker/,
    ],
    [
      'a referrer of a type that no client copies',
      (fake, image) => fake.refer(image, { mediaType: 'application/vnd.oci.artifact.manifest.v1+json' }),
      /has the media type application\/vnd\.oci\.artifact\.manifest/,
    ],
    [
      'an artifact type that is none',
      (fake, image) => fake.refer(image, { artifactType: 'a b' }),
      /artifactType that is not a media type/,
    ],
    [
      'annotations without end',
      (fake, image) => fake.refer(image, { annotations: { a: 'x'.repeat(70_000) } }),
      /65536 at most/,
    ],
    [
      'half a character in an annotation',
      (fake, image) => fake.refer(image, { annotations: { a: '\ud800' } }),
      /not Unicode text/,
    ],
    [
      'too many referrers',
      (fake, image) => {
        for (let index = 0; index <= 1000; index++) fake.list(image, sha256(String(index)));
      },
      /has 1001 referrers; expected 1000 at most/,
    ],
    [
      'a digest of another kind',
      (fake, image) => fake.list(image, `sha512:${'a'.repeat(128)}`),
      /a digest other than sha256/,
    ],
    [
      'a tag of cosign that is the image itself',
      (fake, image) => fake.tags.set(cosignTag(image, 'sig'), image),
      /or to itself/,
    ],
    [
      'a tag of cosign whose manifest is gone',
      (fake, image) => fake.tags.set(cosignTag(image, 'att'), sha256('gone')),
      /which the registry does not have/,
    ],
    [
      'a chain without end',
      (fake, image) => {
        let subject = image;
        for (let depth = 0; depth < 20; depth++) subject = fake.refer(subject);
      },
      /through more than 4 artifacts/,
    ],
  ];
  test.each(cases)('%s', async (_name, prepare, words) => {
    const fake = new Fake();
    const image = fake.image('x');
    prepare(fake, image);
    expect(await reasonFor(fake, image)).toMatch(words);
    expect(fake.asked.length).toBeLessThan(100);
  });

  test('an image that is gone, one of too many manifests, and indexes above each other', async () => {
    const fake = new Fake();
    expect(await reasonFor(fake, sha256('gone'))).toMatch(/is not in the registry/);
    const many = Array.from({ length: 501 }, (_, index) => ({
      digest: sha256(String(index)),
      mediaType: MANIFEST,
      size: 1,
    }));
    expect(await reasonFor(fake, fake.add({ mediaType: INDEX, manifests: many }))).toMatch(/more than 500/);
    let tower = fake.image('x');
    for (let depth = 0; depth < 4; depth++)
      tower = fake.add({ mediaType: INDEX, manifests: [{ digest: tower, mediaType: INDEX, size: 1 }] });
    expect(await reasonFor(fake, tower)).toMatch(/more than 3 indexes/);
  });
});

test('everything that can be reached is found once, and each digest is asked for once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3 }),
      fc.array(fc.record({ of: fc.nat(), tag: fc.boolean() }), { maxLength: 15 }),
      async (platforms, edges) => {
        const fake = new Fake();
        const image = fake.image(
          'x',
          Array.from({ length: platforms }, (_, index) => ({ os: 'linux', architecture: `a${index}` })),
        );
        const depths = new Map(
          [image, ...(platforms > 0 ? fake.below(image) : [])].map((digest) => [digest, 0]),
        );
        const expected = new Set<string>();
        edges.forEach(({ of: at, tag }, index) => {
          const subjects = [...depths].filter(([, depth]) => depth < 5);
          const [subject = '', depth = 0] = subjects[at % subjects.length] ?? [];
          const name = cosignTag(subject, 'sig');
          if (tag && fake.tags.has(name)) return;
          const digest = tag ? fake.add({ mediaType: MANIFEST, index }) : fake.refer(subject, { index });
          if (tag) fake.tags.set(name, digest);
          expected.add(tag ? name : digest);
          depths.set(digest, depth + 1);
        });
        const found = await artifactsOf(fake, image);
        expect(found.map(({ digest, tag }) => tag ?? digest).sort()).toEqual([...expected].sort());
        expect(findWrongArtifact(found)).toBeUndefined();
        expect(new Set(fake.asked).size).toBe(fake.asked.length);
      },
    ),
    { numRuns: 100 },
  );
});
