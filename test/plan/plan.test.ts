import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type ConfigInput,
  type FindingCode,
  formatReference,
  makePlan,
  type Plan,
  parseConfig,
  parseDigests,
} from '../../lib/index.ts';
import { unpasteableReason } from '../support/commands.ts';
import { configWith, containers, digestOf } from '../support/digests.ts';

const a = digestOf('a');
const b = digestOf('b');
const web = { 'web/web': `docker.io/vectorim/element-web:v1@${a}` };

type Input = Parameters<typeof configWith>[0];
const plan = (images: Record<string, string>, input: Input = {}): Plan =>
  makePlan(containers(images), configWith(input));
const targets = (made: Plan): string[] => made.relocations.map(({ target }) => formatReference(target));
const codes = (made: Plan): string[] => made.findings.map(({ code }) => code);
const mirror = { image: `localregistry.local/skopeo@${a}` };

describe('a choice of platforms', () => {
  const chosen = { mirror: { ...mirror, platforms: ['linux/arm/v7', 'linux/amd64', 'linux/amd64'] } };

  test('shows in the tag, in the order of the names, and leaves the digest', () => {
    const { overrides, relocations } = plan(web, chosen);
    expect(overrides[0]).toMatchObject({ tag: 'v1-amd64-arm-v7', digest: a });
    expect(relocations[0]).toMatchObject({
      target: { tag: 'v1-amd64-arm-v7', digest: a },
      platforms: ['linux/amd64', 'linux/arm/v7'],
    });
  });

  test('leaves an image of the user’s own alone, and a tag of theirs: that image is copied whole', () => {
    const own = plan(web, { ...chosen, overrides: { 'web/web': { tag: 'own', digest: b } } });
    expect(own.relocations[0]).toMatchObject({ target: { tag: 'own' } });
    expect(own.relocations[0]).not.toHaveProperty('platforms');
    const source = 'docker.io/acme/web:v2';
    const copied = plan(web, { ...chosen, overrides: { 'web/web': { source, tag: 'own', digest: b } } });
    expect(copied.relocations[0]).toMatchObject({ target: { tag: 'own' } });
    expect(copied.relocations[0]).not.toHaveProperty('platforms');
  });

  test('does not meet, at one tag, the whole of the same image', () => {
    const twice = { 'a/a': `docker.io/x/y:v1@${a}`, 'a/b': `docker.io/x/y:v1@${a}` };
    const made = plan(twice, {
      mirror: { ...mirror, platforms: ['linux/amd64'] },
      overrides: { 'a/b': { source: `docker.io/x/y:v1@${a}`, tag: 'v1-amd64' } },
    });
    expect(codes(made)).toContain('target-collision');
  });

  test('is part of the hash', () => {
    expect(plan(web, { mirror }).hash).not.toBe(plan(web, chosen).hash);
  });
});

describe('where images go', () => {
  const image = { 'a/b': `gitlab-registry.matrix.org/ems-image-store/enterprise/pipe:2.7.0@${a}` };
  test.each<[string, ConfigInput['rules'], Partial<ConfigInput['registry']>, string]>([
    ['preserve', [], {}, 'ems-image-store/enterprise/pipe'],
    ['preserve below a path', [], { path: 'ess/x' }, 'ess/x/ems-image-store/enterprise/pipe'],
    [
      'by-server',
      [],
      { layout: 'by-server', path: 'ess' },
      'ess/gitlab-registry.matrix.org/ems-image-store/enterprise/pipe',
    ],
    ['flat', [], { layout: 'flat', path: 'ess' }, 'ess/pipe'],
    [
      'a rule with {name}',
      [{ match: 'gitlab-registry.matrix.org/ems-image-store/enterprise/*', to: 'ess/{name}' }],
      {},
      'ess/pipe',
    ],
    [
      'a rule is the whole repository',
      [{ match: '**', to: 'all/{parent}/x-{name}' }],
      { path: 'p' },
      'all/ems-image-store/enterprise/x-pipe',
    ],
    [
      'a rule with {path} and {server}',
      [{ match: '**/pipe', to: '{path}/{server}/{repository}' }],
      { path: 'p' },
      'p/gitlab-registry.matrix.org/ems-image-store/enterprise/pipe',
    ],
    ['an empty placeholder leaves no gap', [{ match: '**', to: '{path}/{name}' }], {}, 'pipe'],
    [
      'the first rule wins',
      [
        { match: 'gitlab*/**', to: 'one' },
        { match: '**', to: 'two' },
      ],
      {},
      'one',
    ],
    [
      '* does not cross a slash',
      [{ match: 'gitlab-registry.matrix.org/*', to: 'one' }],
      {},
      'ems-image-store/enterprise/pipe',
    ],
    ['braces', [{ match: '{ghcr.io,gitlab-registry.matrix.org}/**', to: 'two' }], {}, 'two'],
  ])('%s', (_, rules, registry, repository) => {
    const made = plan(image, { rules, registry });
    expect(made.overrides[0]).toMatchObject({ server: 'localregistry.local', repository });
    expect(targets(made)).toEqual([`localregistry.local/${repository}:2.7.0@${a}`]);
  });

  test('a port in a server becomes a legal folder', () => {
    const made = plan({ 'a/b': `Registry.example:5000/x:1@${a}` }, { registry: { layout: 'by-server' } });
    expect(made.overrides[0]?.repository).toBe('registry.example-5000/x');
  });

  test('the push server is where the Job goes, the server what the nodes pull from', () => {
    const made = plan(web, { registry: { pushServer: 'push.local:5000' } });
    expect(made.overrides[0]?.server).toBe('localregistry.local');
    expect(targets(made)).toEqual([`push.local:5000/vectorim/element-web:v1@${a}`]);
  });
});

describe('what the container gets', () => {
  test('all four keys; by tag, an empty digest', () => {
    const [override] = plan(web).overrides;
    expect(override).toEqual({
      component: 'web',
      container: 'web',
      server: 'localregistry.local',
      repository: 'vectorim/element-web',
      tag: 'v1',
      digest: a,
    });
    expect(plan(web, { pin: 'tag' }).overrides[0]).toEqual({ ...override, digest: '' });
    // Copied is the same image.
    expect(targets(plan(web, { pin: 'tag' }))).toEqual(targets(plan(web)));
  });

  test('a digest without tag gets a tag that is a legal label value', () => {
    const made = plan({ 'a/b': `docker.io/x/y@${a}` });
    const tag = `sha256-${'a'.repeat(32)}`;
    expect(made.overrides[0]).toMatchObject({ tag, digest: a });
    expect(targets(made)).toEqual([`localregistry.local/x/y:${tag}@${a}`]);
    expect(codes(made)).toContain('tag-made');
  });

  test('a tag without digest is copied by tag, and said', () => {
    const made = plan({ 'a/b': 'docker.io/x/y:1' });
    expect(made.overrides[0]).toMatchObject({ tag: '1', digest: '' });
    expect(made.relocations[0]).toMatchObject({ source: { tag: '1' }, target: { tag: '1' } });
    expect(codes(made)).toContain('digest-missing');
  });
});

describe('overrides', () => {
  test('a repository alone moves the upstream image', () => {
    const made = plan(web, { overrides: { 'web/web': { repository: 'acme/web' } } });
    expect(made.overrides[0]).toMatchObject({ repository: 'acme/web', tag: 'v1', digest: a });
    expect(made.relocations[0]?.source).toMatchObject({ repository: 'vectorim/element-web', digest: a });
  });

  test('a tag and digest of one’s own are an image that nobody copies', () => {
    const made = plan(web, {
      overrides: { 'web/web': { repository: 'acme/web', tag: 'v1-acme', digest: b } },
    });
    expect(made.overrides[0]).toMatchObject({ repository: 'acme/web', tag: 'v1-acme', digest: b });
    expect(made.relocations).toEqual([
      {
        target: { registry: 'localregistry.local', repository: 'acme/web', tag: 'v1-acme', digest: b },
        containers: ['web/web'],
      },
    ]);
    expect(codes(made)).toContain('own-image');
  });

  test('a tag of one’s own takes the release’s digest away: it would win over the tag', () => {
    const made = plan(web, { overrides: { 'web/web': { tag: 'v2' } } });
    expect(made.overrides[0]).toMatchObject({ tag: 'v2', digest: '' });
    expect(codes(made)).toContain('override-drops-digest');
  });

  test('a source says where to copy from', () => {
    const source = `ghcr.io/acme/web:v2@${b}`;
    const made = plan(web, { overrides: { 'web/web': { source } } });
    expect(made.overrides[0]).toMatchObject({ repository: 'vectorim/element-web', tag: 'v2', digest: b });
    expect(made.relocations.map((it) => it.source && formatReference(it.source))).toEqual([source]);
    const retagged = plan(web, { overrides: { 'web/web': { source, tag: 'ours', repository: 'acme/web' } } });
    expect(targets(retagged)).toEqual([`localregistry.local/acme/web:ours@${b}`]);
  });
});

describe('containers that are only copied', () => {
  const images = { ...web, 'operator/operator': `docker.io/element/operator:1@${b}` };

  test('are in the mirror plan and not in the ConfigMap', () => {
    const made = plan(images, { copyOnly: ['operator'], mirror });
    expect(made.overrides.map(({ component }) => component)).toEqual(['web']);
    expect(made.copyOnly).toEqual([
      {
        component: 'operator',
        container: 'operator',
        server: 'localregistry.local',
        repository: 'element/operator',
        tag: '1',
        digest: b,
      },
    ]);
    expect(targets(made)).toContain(`localregistry.local/element/operator:1@${b}`);
    expect(made.excluded).toEqual([]);
  });

  test('follow rules and overrides like others', () => {
    const made = plan(images, {
      copyOnly: ['operator/operator'],
      rules: [{ match: 'docker.io/element/*', to: 'ops/{name}' }],
      overrides: { 'operator/operator': { source: `quay.io/mine/operator:2@${a}` } },
      mirror,
    });
    expect(made.copyOnly[0]).toMatchObject({ repository: 'ops/operator', tag: '2', digest: a });
  });

  test('change the hash: another ConfigMap', () => {
    expect(plan(images, { copyOnly: ['operator'] }).hash).not.toBe(plan(images).hash);
  });
});

describe('distinct images', () => {
  test('one relocation for all containers that use an image', () => {
    const redis = `docker.io/library/redis:7@${a}`;
    const made = plan({ 'synapse/redis': redis, 'element_call/redis': redis });
    expect(made.overrides).toHaveLength(2);
    expect(made.relocations.map(({ containers }) => containers)).toEqual([
      ['element_call/redis', 'synapse/redis'],
    ]);
  });

  test('the full release: 52 containers, 44 images; fewer with excludes', () => {
    const images = parseDigests(readFileSync('test/fixtures/images_digests.full.yml', 'utf8'), 'full.yml');
    const full = makePlan(images, configWith());
    expect([full.overrides.length, full.relocations.length]).toEqual([52, 44]);
    const less = makePlan(
      images,
      configWith({ exclude: ['operator', 'updater', 'postgres', 'synapse/redis'] }),
    );
    expect([less.overrides.length, less.excluded.length]).toEqual([44, 8]);
    // kube-rbac-proxy and redis are used by others too and stay; the operator's, updater's and postgres' own go.
    expect(less.relocations).toHaveLength(38);
    expect(codes(less).filter((code) => code.startsWith('component-'))).toEqual([
      'component-partly-excluded',
      'component-excluded',
      'component-excluded',
      'component-excluded',
    ]);
  });
});

describe('the hash', () => {
  test('is that of what the plan does, whatever the order of the input', () => {
    const images = containers({ ...web, 'a/b': `docker.io/x/y:1@${b}` });
    const { hash } = makePlan(images, configWith());
    expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(makePlan([...images].reverse(), configWith()).hash).toBe(hash);
    expect(makePlan(images, configWith({ exclude: ['nothing'] })).hash).toBe(hash);
    expect(makePlan(images, configWith({ pin: 'tag' })).hash).not.toBe(hash);
    expect(makePlan(images, configWith({ registry: { pushServer: 'p.q' } })).hash).not.toBe(hash);
  });
});

describe('findings', () => {
  test('a sound plan has none', () => {
    expect(plan(web, { mirror }).findings).toEqual([]);
  });

  const two = { 'a/b': `docker.io/x/web:1@${a}`, 'c/d': `ghcr.io/y/web:1@${b}` };
  test('two images at one target tag are an error that names both', () => {
    const [collision] = plan(two, { registry: { layout: 'flat' }, mirror }).findings;
    expect(collision).toMatchObject({ code: 'target-collision', severity: 'error' });
    expect(collision?.message).toContain(`docker.io/x/web:1@${a} (a/b) and ghcr.io/y/web:1@${b} (c/d)`);
    expect(codes(plan(two, { mirror }))).toEqual([]);
  });
  test('the same image from two places is no collision', () => {
    const same = { 'a/b': `docker.io/x/web:1@${a}`, 'c/d': `ghcr.io/y/web:1@${a}` };
    expect(codes(plan(same, { registry: { layout: 'flat' }, mirror }))).toEqual([]);
  });
  test('two images of one target tag without digest collide', () => {
    const blind = { 'a/b': 'docker.io/x/web:1', 'c/d': 'ghcr.io/y/web:1' };
    expect(codes(plan(blind, { registry: { layout: 'flat' }, mirror }))[0]).toBe('target-collision');
  });

  const long = 'x'.repeat(230);
  test.each<[string, Record<string, string>, Input, string]>([
    [
      'nothing-overridden',
      web,
      { exclude: ['*'], mirror },
      'the ConfigMap would be empty: exclude matches all 1 container of the release',
    ],
    [
      'nothing-overridden',
      web,
      { copyOnly: ['*'], mirror },
      'the ConfigMap would be empty: exclude and copyOnly match all 1 container of the release',
    ],
    [
      'target-illegal',
      { 'a/b': `docker.io/${long}:1@${a}` },
      { mirror },
      'has 258 characters; expected at most 255',
    ],
    [
      'target-illegal',
      { 'a/b': `docker.io/x:1@${a}` },
      { overrides: { 'a/b': { source: `ghcr.io/x:1-@${a}` } }, mirror },
      'the tag is not valid: ESS writes it to the label',
    ],
    ['exclude-unmatched', web, { exclude: ['sydnet'], mirror }, 'exclude "sydnet" matches no component'],
    ['copy-only-unmatched', web, { copyOnly: ['x*'], mirror }, 'copyOnly "x*" matches no component'],
    [
      'exclude-copy-only',
      { ...web, 'a/b': `docker.io/x:1@${b}` },
      { exclude: ['a'], copyOnly: ['a/*'], mirror },
      'copyOnly "a/*" and exclude both select a/b',
    ],
    [
      'rule-unmatched',
      web,
      { rules: [{ match: 'quay.io/**', to: 'x' }], mirror },
      'rule "quay.io/**" matches no image',
    ],
    [
      'signature-missing',
      web,
      { verify: { images: [{ match: '**', signedBy: [{ key: 'a.pub', transparencyLog: false }] }] }, mirror },
      'no signature is recorded for 1 image that verify wants signed by the key a.pub',
    ],
    [
      'verify-unmatched',
      web,
      { verify: { images: [{ match: 'quay.io/**', signedBy: [] }] }, mirror },
      'the rule "quay.io/**" of verify matches no image',
    ],
    [
      'verify-shadowed',
      web,
      {
        verify: {
          images: [
            { match: '**', signedBy: [] },
            { match: 'docker.io/**', signedBy: [] },
          ],
        },
        mirror,
      },
      'never counts',
    ],
    [
      'signature-no-policy',
      web,
      { verify: { images: [] }, mirror },
      'verify wants no signature of 1 image, and none is checked: docker.io/vectorim/element-web',
    ],
    [
      'rule-shadowed',
      web,
      {
        rules: [
          { match: '**', to: '{name}' },
          { match: 'docker.io/**', to: 'x' },
        ],
        mirror,
      },
      'has no effect: earlier rules match',
    ],
    [
      'override-unmatched',
      web,
      { overrides: { 'web/wep': { repository: 'x' } }, mirror },
      'overrides has "web/wep", but the release has no such container',
    ],
    [
      'override-unmatched',
      { ...web, 'a/b': `docker.io/x:1@${b}` },
      { exclude: ['a'], overrides: { 'a/b': { repository: 'x' } }, mirror },
      'the entry a/b of overrides has no effect: exclude matches this container',
    ],
    [
      'component-excluded',
      { ...web, 'a/b': `docker.io/x:1@${b}` },
      { exclude: ['a'], mirror },
      'a is excluded: its image is not copied, and it would run from docker.io',
    ],
    [
      'component-partly-excluded',
      { ...web, 'web/x': `docker.io/x:1@${b}` },
      { exclude: ['web/x'], mirror },
      'web/x is excluded: its image is not copied, and it would run from docker.io',
    ],
    [
      'component-copy-only',
      { ...web, 'a/b': `docker.io/x:1@${b}`, 'a/c': `quay.io/y:1@${b}` },
      { copyOnly: ['a'], mirror },
      'a is only copied: the ConfigMap does not override its images, so it would run from docker.io, quay.io until you configure the copy on localregistry.local',
    ],
    [
      'component-partly-copy-only',
      { ...web, 'web/x': `docker.io/x:1@${b}`, 'web/y': `docker.io/y:1@${b}` },
      { copyOnly: ['web/x', 'web/y'], mirror },
      'web/x, web/y are only copied: the ConfigMap does not override their images, so they would run from docker.io',
    ],
    [
      'target-is-source',
      { ...web, 'a/b': `ghcr.io/x:1@${b}` },
      { registry: { server: 'index.docker.io' }, mirror },
      `1 image would be copied to its source: docker.io/vectorim/element-web:v1@${a}`,
    ],
    [
      'target-is-source',
      web,
      { registry: { pushServer: 'docker.io' }, mirror: { ...mirror, platforms: ['linux/amd64'] } },
      '1 image would be copied to its source: docker.io/vectorim/element-web:v1',
    ],
    [
      'target-is-source',
      web,
      { overrides: { 'web/web': { source: `localregistry.local/vectorim/element-web:v1@${a}` } }, mirror },
      'would be copied to its source: localregistry.local/vectorim/element-web:v1',
    ],
    [
      'pull-through-upstream',
      { ...web, 'a/b': `ghcr.io/y/x:1@${b}`, 'c/d': `docker.io/z/z:1@${b}` },
      { registry: { pullThrough: true, path: 'ess' } },
      'localregistry.local/ess serves docker.io only, not ghcr.io: the cluster could not pull 1 image of ghcr.io (y/x)',
    ],
    [
      'pull-through-upstream',
      { ...web, 'a/b': `ghcr.io/y/x:1@${b}` },
      { registry: { pullThrough: true, path: 'ess', layout: 'by-server', profile: 'harbor' } },
      'localregistry.local/ess serves docker.io only, not ghcr.io: the cluster could not pull 1 image of ghcr.io (y/x',
    ],
    [
      'pull-through-group',
      { ...web, 'a/b': `ghcr.io/y/x:1@${b}` },
      { registry: { pullThrough: true, path: 'docker', profile: 'artifactory' } },
      'localregistry.local/docker must serve images of docker.io, ghcr.io',
    ],
    [
      'pull-through-renamed',
      web,
      { registry: { pullThrough: true, path: 'proxy/x', profile: 'harbor' } },
      'a pull-through cache may not find docker.io/vectorim/element-web:v1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    ],
    [
      'pull-through-renamed',
      web,
      { registry: { pullThrough: true, layout: 'flat' } },
      'a pull-through cache may not find docker.io/vectorim/element-web:v1@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    ],
    [
      'pull-through-renamed',
      { 'a/b': `docker.io/x@${a}` },
      { registry: { pullThrough: true }, pin: 'tag' },
      'a pull-through cache may not find',
    ],
    [
      'auth-unmatched',
      web,
      { mirror: { ...mirror, auth: [{ server: 'quay.io', source: 'existing', name: 'q' }] } },
      'the credential for quay.io has no effect: no image is from or for this server',
    ],
    [
      'auth-missing',
      { 'a/b': `gitlab-registry.matrix.org/ems-image-store/x:1@${a}` },
      { mirror },
      '1 image from gitlab-registry.matrix.org/ems-image-store/ cannot be pulled: mirror.auth has no EMS Image Store token',
    ],
    ['no-mirror', web, {}, 'set: no Job copies the images to localregistry.local'],
    ['mirror-image-unpinned', web, { mirror: { image: 'quay.io/skopeo/stable:v1' } }, 'has no digest'],
    [
      'mirror-image-upstream',
      web,
      { mirror: { image: `quay.io/skopeo/stable@${a}` } },
      'the nodes pull mirror.image from quay.io: the Job does not copy its own image',
    ],
    ...(
      [
        { insecure: ['docker.io:5000'] },
        { clientCertificates: [{ server: 'docker.io:5000', name: 'x' }] },
        { rateLimits: { 'docker.io:5000': 1 } },
      ] as const
    ).map((more): [FindingCode, Record<string, string>, Input, string] => [
      'server-unmatched',
      web,
      { mirror: { ...mirror, ...more } as never },
      'lists docker.io:5000, but no image is from or for this',
    ]),
    [
      'rate-budget',
      Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`c${i}/x`, `docker.io/x/${i}:1@${a}`])),
      { mirror },
      'a first run makes up to 108 manifest requests to docker.io (12 images, 8 platforms each and the index); the rate limit is 100 for anonymous pulls per six hours',
    ],
    [
      'rate-budget',
      { 'a/b': `ghcr.io/x/y:1@${a}` },
      { mirror: { ...mirror, rateLimits: { 'ghcr.io': 8 } } },
      'the rate limit is 8 for mirror.rateLimits',
    ],
    [
      'rate-budget',
      { 'a/b': `ghcr.io/x/y:1@${a}` },
      { mirror: { ...mirror, platforms: ['linux/arm64', 'linux/amd64'], rateLimits: { 'ghcr.io': 6 } } },
      'makes up to 7 manifest requests to ghcr.io (1 image, three for each of linux/amd64, linux/arm64 and one for the index)',
    ],
    [
      'sparse-index-refused',
      web,
      {
        registry: { profile: 'harbor', path: 'ess' },
        mirror: { ...mirror, platforms: ['linux/arm64', 'linux/amd64'] },
      },
      'harbor does not accept an index with manifests for linux/amd64, linux/arm64 only',
    ],
    [
      'sparse-index',
      web,
      { mirror: { ...mirror, platforms: ['linux/amd64'] } },
      'localregistry.local must accept an index with manifests for linux/amd64 only',
    ],
    [
      'profile-depth',
      { 'a/b': `docker.io/x/y/z:1@${a}` },
      { registry: { profile: 'gitlab', path: 'group/project' }, mirror },
      'group/project/x/y/z (a/b) has 3 components below group/project',
    ],
    [
      'profile-path',
      { 'a/b': `ghcr.io/x:1@${a}` },
      { registry: { profile: 'harbor' }, mirror },
      'x (a/b) does not begin with a Harbor project',
    ],
    [
      'create-first',
      web,
      { registry: { profile: 'harbor', path: 'ess' }, mirror },
      'first push (Harbor project): ess',
    ],
    [
      'create-first',
      web,
      { registry: { profile: 'ecr' }, mirror },
      'first push (ECR repository): vectorim/element-web',
    ],
  ])('%s', (code, images, input, message) => {
    const { findings } = plan(images, input);
    for (const finding of findings) expect(unpasteableReason(finding)).toBeUndefined();
    const found = findings.filter((finding) => finding.code === code);
    expect(found.map(({ message }) => message).join('\n')).toContain(message);
  });

  test('another tag of a repository of one’s own may be copied to', () => {
    const source = `localregistry.local/vectorim/element-web:build-7@${b}`;
    const made = plan(web, { overrides: { 'web/web': { source, tag: 'v1-acme' } }, mirror });
    expect(codes(made)).toEqual([]);
  });

  describe('a cache and the servers that it has to ask', () => {
    const images = { ...web, 'a/b': `ghcr.io/y/x:1@${b}` };
    const cache = (profile: ConfigInput['registry']['profile'], more: Input = {}) =>
      codes(
        plan(images, { ...more, registry: { pullThrough: true, path: 'ess', profile, ...more.registry } }),
      );
    const rules = [{ match: 'ghcr.io/**', to: 'ghcr/{repository}' }];
    const rulesForOne = [{ match: '{docker.io,ghcr.io}/**', to: 'all/{repository}' }];

    test.each(['generic', 'harbor', 'gitlab', 'ecr', 'distribution'] as const)('%s asks one', (profile) => {
      expect(cache(profile)).toContain('pull-through-upstream');
      expect(cache(profile, { rules })).not.toContain('pull-through-upstream');
    });
    test.each(['artifactory', 'nexus', 'zot'] as const)('%s can ask several', (profile) => {
      expect(cache(profile)).toEqual(['pull-through-group']);
    });
    test('rules that name the servers are believed only where several may be possible', () => {
      expect(cache('generic', { rules: rulesForOne })).toEqual([]);
      expect(cache('harbor', { rules: rulesForOne })).toContain('pull-through-upstream');
      expect(cache('generic', { rules: [{ match: '**', to: 'all/{repository}' }] })).toContain(
        'pull-through-upstream',
      );
    });
    test('a folder for each server is enough, if it is the first component', () => {
      const registry = { path: undefined, layout: 'by-server' } as const;
      for (const profile of ['generic', 'harbor', 'ecr'] as const) {
        expect(cache(profile, { registry })).not.toContain('pull-through-upstream');
      }
    });
    test('the full release: every image of the other servers', () => {
      const release = parseDigests(readFileSync('test/fixtures/images_digests.full.yml', 'utf8'), 'full.yml');
      const registry = { pullThrough: true, path: 'ess', profile: 'harbor' } as const;
      const found = makePlan(release, configWith({ registry })).findings.filter(
        ({ code }) => code === 'pull-through-upstream',
      );
      const servers = new Set(release.map(({ image }) => image.registry));
      expect(found).toHaveLength(servers.size - 1);
      expect(found[0]?.message).toContain(
        'localregistry.local/ess serves gitlab-registry.matrix.org only, not docker.io: the cluster could not pull 16 images of docker.io (coturn/coturn',
      );
      expect(found[0]?.hint).toBe(
        'A Harbor proxy cache project serves one upstream server. Create one for docker.io, such as docker-io, and add to rules: { match: "docker.io/**", to: "docker-io/{repository}" }.',
      );
    });
  });

  test('a namespace that is not set is said, also if it is the right one', () => {
    const of = (text: string) => {
      const { config, place } = parseConfig(
        `apiVersion: ess-airgap/v1\nregistry: { server: r.local }\n${text}`,
        'airgap.yaml',
      );
      return codes(makePlan(containers(web), config, place));
    };
    expect(of('')).toContain('namespace-default');
    expect(of('namespace: element-onprem')).not.toContain('namespace-default');
  });

  test('an image of the mirror upstream is copied by a command that is whole', () => {
    const image = `quay.io/skopeo/stable:v1.22@${a}`;
    const [finding] = plan(web, {
      registry: { path: 'ess', pushServer: 'push.local' },
      mirror: { image },
    }).findings;
    expect(finding).toMatchObject({
      code: 'mirror-image-upstream',
      hint: expect.stringContaining(`set mirror.image to localregistry.local/ess/skopeo/stable:v1.22@${a} `),
      command: `skopeo copy --all --preserve-digests docker://quay.io/skopeo/stable@${a} docker://push.local/ess/skopeo/stable:v1.22`,
    });
  });

  test.each<[string, Input, string]>([
    ['a component for a container', { overrides: { web: { repository: 'x' } } }, 'web/web'],
    ['a container without its component', { overrides: { haproxy: { repository: 'x' } } }, 'synapse/haproxy'],
    ['a typing error', { overrides: { 'web/wep': { repository: 'x' } } }, 'web/web'],
    ['a plural', { exclude: ['operators'] }, 'operator'],
    ['capital letters', { copyOnly: ['Operator'] }, 'operator'],
    ['a container to exclude', { exclude: ['haproxy'] }, 'synapse/haproxy'],
    ['another server in a rule', { rules: [{ match: 'dcker.io/**', to: 'x' }] }, 'docker.io/**'],
    [
      'a repository in a rule',
      { rules: [{ match: 'docker.io/vectorim/elemnt-web', to: 'x' }] },
      'docker.io/vectorim/element-web',
    ],
  ])('%s is answered by what was probably meant', (_, input, meant) => {
    const images = {
      ...web,
      'synapse/haproxy': `docker.io/h:1@${b}`,
      'operator/operator': `docker.io/o:1@${b}`,
    };
    expect(plan(images, { ...input, mirror }).findings).toMatchObject([
      { severity: 'error', hint: `Did you mean ${meant}?` },
    ]);
  });

  test('an override beyond what kubectl apply or a ConfigMap can hold', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, i) => containers({ [`c${i}/x`]: `ghcr.io/x/${i}:1@${a}` })).flat();
    expect(codes(makePlan(many(1000), configWith({ mirror })))).toEqual([]);
    expect(codes(makePlan(many(1500), configWith({ mirror })))).toEqual(['config-map-large']);
    expect(codes(makePlan(many(6000), configWith({ mirror })))).toEqual(['config-map-too-large']);
  });

  test('errors come first', () => {
    const made = plan(
      { ...two, 'e/f': 'ghcr.io/z/z:1' },
      { exclude: ['nothing'], registry: { layout: 'flat' } },
    );
    expect(made.findings.map(({ severity }) => severity)).toEqual(['error', 'error', 'warning', 'note']);
  });
});
