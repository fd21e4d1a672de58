import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseValues } from '../../../lib/chart/values.ts';
import { formatReference, makePlan, type Plan } from '../../../lib/index.ts';
import type { ReleaseContext, ValuesFile } from '../../../lib/plan/model.ts';
import { renderValues } from '../../../lib/plan/products/ess-helm/override.ts';
import { renderMapping } from '../../../lib/plan/products/ess-helm/yaml.ts';
import { productOf } from '../../../lib/plan/products/index.ts';
import { CHART, digestOfName, lockedRelease } from '../../support/chart.ts';
import { configWith, digestOf } from '../../support/digests.ts';

const chart = readFileSync(`${CHART}/values.yaml`, 'utf8');
const values = (text: string, path = 'mine.yaml'): ValuesFile => ({
  path,
  text,
  values: parseValues(text, path),
});

type Input = Parameters<typeof configWith>[0];
interface Case {
  /** What the lock was written with. Default: the same as `user`. */
  locked?: readonly string[];
  /** The files of `helm.values`. */
  user?: readonly string[];
  chart?: string;
  input?: Input;
}

function planOf({ user = [], locked = user, chart: own = chart, input = {} }: Case = {}): Plan {
  const release = lockedRelease(own, locked);
  const files = user.map((text, index) => values(text, `mine-${index}.yaml`));
  const config = configWith({ helm: { values: files.map(({ path }) => path) }, ...input });
  const context: ReleaseContext = { info: release.info, values: files };
  return makePlan(release.images, config, undefined, context);
}
const codes = (plan: Plan): string[] =>
  plan.findings.map(({ code }) => code).filter((code) => code.startsWith('helm-'));
const pullSecret = { source: 'existing', name: 'localregistry' } as const;

describe('the override', () => {
  const text = renderValues(planOf({ input: { pullSecret, registry: { path: 'ess' } } }));
  const read = parse(text) as Record<string, Record<string, unknown>>;

  test('has every image entry of the chart, with all four keys', () => {
    const paths = [...chart.matchAll(/^ *repository: (\S+)$/gm)];
    const entries: unknown[] = [];
    JSON.stringify(read, (key, value) => {
      if (key !== '' && value?.repository) entries.push(value);
      return value;
    });
    expect(entries).toHaveLength(paths.length);
    for (const entry of entries) {
      expect(Object.keys(entry as object)).toEqual(['registry', 'repository', 'tag', 'digest']);
      expect(entry).toMatchObject({
        registry: 'localregistry.local',
        repository: expect.stringMatching(/^ess\//),
      });
    }
    expect(read.matrixRTC).toEqual({
      image: {
        registry: 'localregistry.local',
        repository: 'ess/lk-jwt-service',
        tag: '0.6.0',
        digest: digestOfName('oci.element.io/lk-jwt-service:0.6.0'),
      },
      sfu: { image: expect.objectContaining({ repository: 'ess/livekit/livekit-server' }) },
    });
  });

  test('quotes every text that it makes, and names the pull Secret for all pods', () => {
    for (const line of text.split('\n').filter((it) => /^\s+\w+: ./.test(it)))
      expect(line).toMatch(/: "[^"]+"$/);
    expect(read.image).toEqual({ pullSecrets: [{ name: 'localregistry' }] });
  });

  test('says in comments, and nowhere else, what it is for', () => {
    const comments = text.split('\n').filter((line) => line.startsWith('#'));
    expect(comments[0]).toBe('# ess-airgap: images for matrix-stack 26.8.0');
    expect(comments[1]).toMatch(/^# Plan sha256:[0-9a-f]{64}$/);
    expect(Object.keys(read).sort()).toEqual(
      [...new Set([...chart.matchAll(/^(\w+):/gm)].map(([, key]) => key))]
        .filter((key) => key !== 'initSecrets')
        .sort(),
    );
  });

  test('names no pull Secret for an open registry, and the old key in an old chart', () => {
    expect(parse(renderValues(planOf())).image).toBeUndefined();
    const old = chart.replace(/^image:\n.*\n {2}pullSecrets: \[\]/m, 'imagePullSecrets: []');
    expect(parse(renderValues(planOf({ chart: old, input: { pullSecret } })))).toMatchObject({
      imagePullSecrets: [{ name: 'localregistry' }],
    });
  });

  test('runs images by tag if the configuration says so', () => {
    const byTag = parse(renderValues(planOf({ input: { pin: 'tag' } })));
    expect(byTag.synapse.image).toEqual({
      registry: 'localregistry.local',
      repository: 'synapse',
      tag: 'v1.159.0',
    });
  });

  test('leaves out what is excluded or only copied', () => {
    const read = parse(renderValues(planOf({ input: { exclude: ['hookshot'], copyOnly: ['postgres*'] } })));
    expect(read.hookshot).toBeUndefined();
    expect(read.postgres).toBeUndefined();
  });

  test('is the same for the same input in another order', () => {
    const { info, images } = lockedRelease(chart);
    const again = makePlan([...images].reverse(), configWith(), undefined, { info, values: [] });
    expect(renderValues(again)).toBe(
      renderValues(makePlan(images, configWith(), undefined, { info, values: [] })),
    );
  });
});

describe("lists of the user's values", () => {
  const user = `synapse:
  extraInitContainers:
    - name: first
      image: busybox
      args: [--on, "on", 017, 1.10, null, ~, {}]
    - { name: second, image: "docker.io/acme/x@${digestOf('a')}" }
image:
  pullSecrets: [{ name: theirs }]
`;

  test('are repeated with the images of the plan in them, and all else as it was', () => {
    const plan = planOf({ user: [user], input: { pullSecret } });
    expect(codes(plan)).toEqual(['helm-switched-off']);
    const text = renderValues(plan);
    const read = parse(text);
    const before = parse(user).synapse.extraInitContainers;
    expect(read.synapse.extraInitContainers).toEqual([
      {
        ...before[0],
        image: `localregistry.local/library/busybox@${digestOfName('docker.io/library/busybox:latest')}`,
      },
      { ...before[1], image: `localregistry.local/acme/x@${digestOf('a')}` },
    ]);
    // 017 is a number to some readers and a text to others: it stays what was written.
    expect(text).toMatch(/- 017\n/);
    expect(text).toMatch(/- "on"\n/);
    expect(read.image.pullSecrets).toEqual([{ name: 'theirs' }, { name: 'localregistry' }]);
    expect(read.synapse.image.registry).toBe('localregistry.local');
  });

  test('an image of the local registry is not copied, and stays', () => {
    const own = 'synapse: { extraInitContainers: [{ name: w, image: "localregistry.local/acme/w:1" }] }';
    const plan = planOf({ user: [own] });
    const line = plan.relocations.find(({ target }) => target.repository === 'acme/w');
    expect(line).not.toHaveProperty('source');
    expect(parse(renderValues(plan)).synapse.extraInitContainers[0].image).toMatch(
      /^localregistry\.local\/acme\/w@/,
    );
  });

  test('any values stay what they were', () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('on', '0x1', '~', '- a', 'a: b', '#', ' '),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.string({ minLength: 1 }), tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tree, { minKeys: 1, maxKeys: 3 }),
        (value) => {
          const written = JSON.stringify(value);
          const again = renderMapping(parseValues(written, 'v.yaml')).join('\n');
          expect(parse(again, { maxAliasCount: 0 })).toEqual(JSON.parse(written));
          expect(parse(again, { version: '1.1' })).toEqual(parse(written, { version: '1.1' }));
        },
      ),
    );
  });
});

describe('findings', () => {
  const inline = 'synapse: { extraInitContainers: [{ name: w, image: busybox }] }';
  test.each<[string, Case, string[], RegExp?]>([
    ['nothing', { user: ['serverName: example.org'] }, []],
    [
      'a list in values that airgap.yaml does not name',
      { locked: [inline] },
      ['helm-inline-image'],
      /would run from docker\.io/,
    ],
    [
      'the same, only copied',
      { locked: [inline], input: { copyOnly: ['synapse.extraInitContainers.*'] } },
      [],
    ],
    [
      'a container that the lock does not have',
      { locked: [], user: [inline] },
      ['helm-not-locked'],
      /nothing copies docker\.io\/library\/busybox/,
    ],
    [
      'a tag that the lock does not have',
      { locked: [], user: ['synapse: { image: { tag: v2 } }'] },
      ['helm-not-locked'],
      /want synapse\.image to be "oci\.element\.io\/synapse:v2@/,
    ],
    [
      'a digest that the lock does not have',
      { locked: [], user: [`synapse: { image: { digest: "${digestOf('b')}" } }`] },
      ['helm-not-locked'],
    ],
    ['a tag that the lock has', { user: ['synapse: { image: { tag: v2 } }'] }, []],
    [
      'a registry, though it is the one of the chart',
      { user: ['synapse: { image: { registry: oci.element.io } }'] },
      ['helm-value-image'],
      /after the override, the image comes from oci\.element\.io/,
    ],
    [
      'the copy itself',
      { locked: [], user: ['synapse: { image: { registry: localregistry.local, repository: synapse } }'] },
      [],
    ],
    [
      'registry: null',
      { locked: [], user: ['synapse: { image: { registry: null } }'] },
      ['helm-registry-null'],
    ],
    [
      'pull Secrets of an exporter',
      { user: ['redis: { redisExporter: { image: { pullSecrets: [{ name: x }] } } }'] },
      ['helm-pull-secret-unused'],
    ],
    ['pull Secrets of a component', { user: ['redis: { image: { pullSecrets: [{ name: x }] } }'] }, []],
    [
      'a chart without the key',
      { chart: chart.replace(/^image:\n.*\n.*\n/m, ''), input: { pullSecret } },
      ['helm-pull-secret-missing'],
    ],
    [
      'its own output',
      { locked: [], user: [`# Written by ess-airgap\n${renderValues(planOf())}`] },
      ['helm-values-override'],
      /is what ess-airgap writes for this release/,
    ],
    [
      'an override of another version',
      { locked: [], user: [renderValues(planOf()).replaceAll('26.8.0', '26.7.0')] },
      ['helm-values-override'],
      /is an override for "matrix-stack 26\.7\.0", and the release is matrix-stack 26\.8\.0/,
    ],
  ])('%s', (_, input, expected, message) => {
    const plan = planOf(input);
    expect(codes(plan)).toEqual([...expected, 'helm-switched-off']);
    if (message) expect(plan.findings.map((it) => it.message).join('\n')).toMatch(message);
  });

  test('what is switched off', () => {
    const [note] = planOf().findings.filter(({ code }) => code === 'helm-switched-off');
    expect(note?.message).toMatch(
      /^hookshot\.image, matrixAuthenticationService\.syn2mas\.image are switched off/,
    );
    expect(note?.hint).toContain('exclude: [hookshot, matrixAuthenticationService.syn2mas]');
    const off = planOf({ input: { exclude: ['hookshot', 'matrixAuthenticationService.syn2mas'] } });
    expect(codes(off)).toEqual([]);
  });

  test('helm beside a release of the installer', () => {
    const config = configWith({ helm: {} });
    expect(makePlan([], config).findings.map(({ code }) => code)).toContain('helm-unused');
  });
});

describe('the chart and what extra names are lines of the plan', () => {
  const artifact = {
    registry: 'ghcr.io',
    repository: 'element-hq/ess-helm/matrix-stack',
    tag: '26.8.0',
    digest: digestOf('c'),
  };
  const { info, images } = lockedRelease(chart);
  if (info.product !== 'ess-helm') throw new Error('not ESS Helm');
  const config = configWith({
    registry: { path: 'ess' },
    mirror: { image: `localregistry.local/ess/skopeo/stable@${digestOf('d')}`, platforms: ['linux/amd64'] },
    extra: [
      { name: 'copier', source: `quay.io/skopeo/stable:v1.22.0@${digestOf('d')}` },
      { name: 'policy', source: `ghcr.io/acme/policy:1@${digestOf('e')}`, kind: 'artifact' },
    ],
  });
  const plan = makePlan(images, config, undefined, { info: { ...info, artifact }, values: [] });
  const line = (name: string) => plan.relocations.find(({ containers }) => containers.includes(name));

  test('mapped and copied; an artifact whole, an image with its platforms', () => {
    expect(line('chart/matrix-stack')).toMatchObject({
      source: artifact,
      target: {
        registry: 'localregistry.local',
        repository: 'ess/element-hq/ess-helm/matrix-stack',
        tag: '26.8.0',
      },
    });
    expect(line('chart/matrix-stack')).not.toHaveProperty('platforms');
    expect(line('extra/policy')).not.toHaveProperty('platforms');
    expect(line('extra/copier')).toMatchObject({
      platforms: ['linux/amd64'],
      target: { tag: 'v1.22.0-amd64' },
    });
    expect(plan.overrides).toHaveLength(14);
    expect(plan.relocations).toHaveLength(17);
  });

  test('of a release of the installer too; the same image twice is one line', () => {
    const classic = makePlan(
      [
        {
          component: 'web',
          container: 'web',
          image: { registry: 'quay.io', repository: 'a/b', tag: '1', digest: digestOf('a') },
        },
      ],
      configWith({ extra: [{ name: 'same', source: `quay.io/a/b:1@${digestOf('a')}` }] }),
    );
    expect(classic.relocations.map(({ containers }) => containers)).toEqual([['extra/same', 'web/web']]);
    expect(classic.overrides).toHaveLength(1);
    expect(classic.findings.map(({ code }) => code)).not.toContain('component-copy-only');
  });

  test('can be named by rules, overrides and exclude', () => {
    const other = makePlan(
      images,
      configWith({
        rules: [{ match: 'ghcr.io/element-hq/ess-helm/matrix-stack', to: 'charts/{name}' }],
        exclude: ['extra/copier'],
        extra: [{ name: 'copier', source: 'quay.io/skopeo/stable:v1' }],
      }),
      undefined,
      { info: { ...info, artifact }, values: [] },
    );
    expect(other.relocations.map(({ target }) => formatReference(target))).toContain(
      `localregistry.local/charts/matrix-stack:26.8.0@${digestOf('c')}`,
    );
    expect(other.relocations.some(({ containers }) => containers.includes('extra/copier'))).toBe(false);
  });

  test('helm reads the chart where it is copied to', () => {
    const text = productOf(plan.release).wiring(plan, config, []).text;
    expect(text).toContain(
      'helm upgrade --install ess oci://localregistry.local/ess/element-hq/ess-helm/matrix-stack --version 26.8.0 \\\n',
    );
    expect(text).toContain('repoURL: localregistry.local/ess/element-hq/ess-helm\n    chart: matrix-stack\n');
  });
});
