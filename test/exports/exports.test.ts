import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../lib/config/load.ts';
import { parseRelease } from '../../lib/digests/read.ts';
import { EXPORT_FORMATS, type ExportFormat } from '../../lib/exports/export.ts';
import { renderExport } from '../../lib/exports/index.ts';
import { makePlan } from '../../lib/plan/plan.ts';
import { digestsFileOf } from '../support/release.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const RELEASE = digestsFileOf({
  'synapse/haproxy': `docker.io/library/haproxy:2.9@${digest('a')}`,
  'synapse/redis': 'docker.io/library/redis:7',
  'synapse/synapse': `ghcr.io/element-hq/synapse:1.10@${digest('b')}`,
  'web/web': `ghcr.io/element-hq/web@${digest('c')}`,
});

function deployment(config: string, release = RELEASE) {
  const { config: parsed, place } = parseConfig(`apiVersion: ess-airgap/v1\n${config}`, 'airgap.yaml');
  const { info, images } = parseRelease(release, 'images_digests.yml');
  return { config: parsed, plan: makePlan(images, parsed, place, { info, values: [] }) };
}

const usual = deployment('registry: { server: "registry.local:5000", path: ess }');
const render = (format: ExportFormat, ...deployments: ReturnType<typeof deployment>[]): string =>
  renderExport(format, deployments.length > 0 ? deployments : [usual]);

// The shapes as the documentation of each tool has them, with nothing besides: a key that a tool ignores is an error here.
const object = (properties: object, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const list = (items: object) => ({ type: 'array', items });
const string = { type: 'string', minLength: 1 };
const SHAPES: Readonly<Record<Exclude<ExportFormat, 'images.txt'>, object>> = {
  regsync: object({
    version: { const: 1 },
    defaults: object(
      {
        parallel: { type: 'integer' },
        referrers: { type: 'boolean' },
        digestTags: { type: 'boolean' },
      },
      [],
    ),
    sync: list(
      object({ source: string, target: string, type: { const: 'image' }, platforms: list(string) }, [
        'source',
        'target',
        'type',
      ]),
    ),
  }),
  hauler: object({
    apiVersion: { const: 'content.hauler.cattle.io/v1' },
    kind: { const: 'Images' },
    metadata: object({ name: string }),
    spec: object({ images: list(object({ name: string, rewrite: string })) }),
  }),
  zarf: object({
    apiVersion: { const: 'zarf.dev/v1alpha1' },
    kind: { const: 'ZarfPackageConfig' },
    metadata: object({ name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]*$' }, description: string }),
    components: list(
      object({
        name: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]*$' },
        required: { const: true },
        images: list(string),
      }),
    ),
  }),
  imageset: object({
    apiVersion: { const: 'mirror.openshift.io/v2alpha1' },
    kind: { const: 'ImageSetConfiguration' },
    mirror: object({
      additionalImages: list(
        object({
          name: string,
          targetRepo: {
            type: 'string',
            pattern: '^[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$',
          },
          targetTag: { type: 'string', pattern: '^\\w[\\w.-]{0,127}$' },
        }),
      ),
    }),
  }),
};

describe.each(Object.keys(SHAPES) as (keyof typeof SHAPES)[])('%s', (format) => {
  const limited = deployment(
    `registry: { server: registry.local, path: ess }\nmirror: { image: "quay.io/skopeo/stable@${digest('d')}", platforms: [linux/amd64], insecure: [registry.local] }`,
  );
  const full = deployment(
    'registry: { server: registry.local }',
    readFileSync('test/fixtures/images_digests.full.yml', 'utf8'),
  );

  test.each([
    ['usual', usual],
    ['limited to a platform', limited],
    ['large', full],
  ])('has the shape that the tool documents: %s', (_, one) => {
    const validate = new Ajv({ strictSchema: false }).compile(SHAPES[format]);
    expect(validate(parse(render(format, one))) ? null : validate.errors).toBe(null);
  });

  test('begins with what the tool does not take over, in comments of at most 130 columns unless it is a command', () => {
    const header = render(format)
      .split('\n')
      .filter((line) => line.startsWith('#'));
    expect(header[0]).toMatch(/^# 4 images of Element Server Suite, plan sha256:[0-9a-f]{64}\.$/);
    expect(header).toContain('# Not carried over from the plan:');
    expect(header.join('\n')).toContain('run "ess-airgap verify"');
  });

  test('is the same for the same input', () => expect(render(format)).toBe(render(format)));
});

describe('each image, where it comes from and where it goes', () => {
  test('images.txt', () => {
    expect(render('images.txt').trimEnd().split('\n').sort()).toEqual([
      `docker.io/library/haproxy:2.9@${digest('a')}`,
      'docker.io/library/redis:7',
      `ghcr.io/element-hq/synapse:1.10@${digest('b')}`,
      `ghcr.io/element-hq/web@${digest('c')}`,
    ]);
  });

  test('regsync', () => {
    const { sync } = parse(render('regsync'));
    expect(sync).toContainEqual({
      source: `ghcr.io/element-hq/synapse:1.10@${digest('b')}`,
      target: 'registry.local:5000/ess/element-hq/synapse:1.10',
      type: 'image',
    });
    expect(sync).toHaveLength(4);
  });

  test('regsync: signatures and attestations as mirror.artifacts says', () => {
    const mirror = (artifacts: string) =>
      deployment(
        `registry: { server: registry.local }\nmirror: { image: "quay.io/skopeo/stable@${digest('d')}", artifacts: ${artifacts} }`,
      );
    const on = { referrers: true, digestTags: true };
    const off = { referrers: false, digestTags: false };
    expect(parse(render('regsync')).defaults).toMatchObject(on);
    expect(parse(render('regsync', mirror('none'))).defaults).toMatchObject(off);
    expect(parse(render('regsync', mirror('signatures'))).defaults).toMatchObject(on);
    expect(render('regsync', mirror('signatures'))).toContain('would copy attestations and SBOMs too');
  });

  test('hauler', () => {
    expect(parse(render('hauler')).spec.images).toContainEqual({
      name: `docker.io/library/haproxy:2.9@${digest('a')}`,
      rewrite: 'registry.local:5000/ess/library/haproxy:2.9',
    });
    expect(render('hauler')).toContain('#   hauler store copy registry://registry.local:5000\n');
  });

  test('zarf', () => {
    expect(parse(render('zarf')).components[0].images).toContain(`ghcr.io/element-hq/web@${digest('c')}`);
    expect(render('zarf')).toContain('--registry-url registry.local:5000/ess\n');
    expect(render('zarf')).not.toContain('the names of');
    const flat = deployment('registry: { server: registry.local, layout: flat }');
    expect(render('zarf', flat)).toContain('the names of 4 images');
  });

  test('imageset: by digest alone, and a tag that looks like a number stays a text', () => {
    const { additionalImages } = parse(render('imageset')).mirror;
    expect(additionalImages).toContainEqual({
      name: `ghcr.io/element-hq/synapse@${digest('b')}`,
      targetRepo: 'ess/element-hq/synapse',
      targetTag: '1.10',
    });
    expect(additionalImages).toContainEqual({
      name: 'docker.io/library/redis:7',
      targetRepo: 'ess/library/redis',
      targetTag: '7',
    });
  });

  test('platforms: regsync copies only these, the others say that they copy all', () => {
    const limited = deployment(
      `registry: { server: registry.local }\nmirror: { image: "quay.io/skopeo/stable@${digest('d')}", platforms: [linux/amd64] }`,
    );
    const { sync } = parse(render('regsync', limited));
    expect(sync.map(({ platforms }: { platforms?: string[] }) => platforms)).toEqual(
      Array.from({ length: 4 }, () => ['linux/amd64']),
    );
    for (const format of ['hauler', 'zarf', 'imageset'] as const)
      expect(render(format, limited)).toContain(
        'mirror.platforms: 4 images would be copied with all platforms',
      );
  });

  test('your own images are left out: nothing copies them', () => {
    const own = deployment(
      `registry: { server: registry.local }\noverrides: { web/web: { repository: mine, tag: "1", digest: "${digest('e')}" } }`,
    );
    for (const format of EXPORT_FORMATS) expect(render(format, own)).not.toContain('mine');
  });
});

describe('several deployments', () => {
  const other = deployment('name: b\nregistry: { server: "registry.local:5000", path: ess }');
  const elsewhere = deployment('name: c\nregistry: { server: other.local }');

  test('an image with the same place is there once', () => {
    for (const format of EXPORT_FORMATS)
      expect(body(render(format, usual, other))).toBe(body(render(format)));
  });

  test('two registries: regsync takes both; a file for one registry is an error that names both', () => {
    expect(parse(render('regsync', usual, elsewhere)).sync).toHaveLength(8);
    expect(render('images.txt', usual, elsewhere)).toBe(render('images.txt'));
    for (const format of ['hauler', 'imageset'] as const)
      expect(() => render(format, usual, elsewhere)).toThrow(
        /is for one registry; the configurations name registry\.local:5000, other\.local/,
      );
    expect(() => render('zarf', usual, elsewhere)).toThrow(/name registry\.local:5000\/ess, other\.local/);
  });
});

test('a plan with an error is not exported', () => {
  const wrong = deployment('registry: { server: registry.local }\nexclude: [nothing]');
  for (const format of EXPORT_FORMATS) expect(() => render(format, wrong)).toThrow(/exclude-unmatched/);
});

function body(text: string): string {
  return text.replace(/^#.*\n/gm, '');
}
