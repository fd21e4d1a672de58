import fc from 'fast-check';
import { type Artifact, COSIGN_SUFFIXES, cosignTag } from '../../lib/digests/artifacts.ts';
import type { ConfigInput } from '../../lib/index.ts';

/** A container as a generated digests file has it. */
export interface Generated {
  component: string;
  container: string;
  server: string;
  path: string;
  tag: string;
  digest: string;
}

/** Words that some reader of YAML takes for something else than text. */
const AMBIGUOUS_TAGS = [
  ...[
    '1.10',
    'e0',
    'E5',
    'e1_0',
    '017',
    '0o17',
    '0x1F',
    '0X1F',
    '0b1',
    '0B1',
    '1_000',
    '1e3',
    '12e03',
    '2024-01-01',
    '2024.10',
    '1',
    '0',
    '00',
  ],
  ...[
    'on',
    'On',
    'off',
    'yes',
    'no',
    'y',
    'N',
    'true',
    'False',
    'null',
    'NULL',
    'nan',
    'inf',
    '1.0',
    '685.230_15',
    '190',
  ],
];

const hex64 = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const component = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const key = fc.oneof(
  fc.stringMatching(/^[a-z][a-z_]{0,8}[a-z]$/),
  fc.constantFrom('on', 'yes', 'null', '0x1', '17', 'n', 'true'),
);
const tag = fc.oneof(
  fc.constantFrom(...AMBIGUOUS_TAGS),
  fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/),
);
const server = fc.constantFrom(
  'docker.io',
  'ghcr.io',
  'quay.io',
  'gitlab-registry.matrix.org',
  'localhost:5000',
);

/** Containers of a release: distinct names, images that are shared now and then, sometimes no tag or no digest. */
export const release: fc.Arbitrary<Generated[]> = fc
  .array(
    fc.record({ server, path, tag: fc.option(tag, { freq: 8 }), digest: fc.option(hex64, { freq: 8 }) }),
    { minLength: 1, maxLength: 12 },
  )
  .chain((images) =>
    fc
      .uniqueArray(fc.record({ component: key, container: key, image: fc.nat(images.length - 1) }), {
        minLength: 1,
        maxLength: 25,
        selector: (it) => `${it.component}/${it.container}`,
      })
      .map((containers) =>
        containers.flatMap(({ component, container, image }) => {
          const of = images[image];
          if (!of) return [];
          const digest = of.digest ? `sha256:${of.digest}` : '';
          return {
            component,
            container,
            server: of.server,
            path: of.path,
            tag: of.tag ?? (digest ? '' : '1'),
            digest,
          };
        }),
      ),
  );

/** A configuration that leaves the names of most images apart. */
export const configuration: fc.Arbitrary<ConfigInput> = fc.record(
  {
    apiVersion: fc.constant('ess-airgap/v1' as const),
    registry: fc.record(
      {
        server: fc.constantFrom('localregistry.local', 'localhost:5000', '10.0.0.1'),
        pushServer: fc.constantFrom('push.local', 'push.local:5001'),
        path: path,
        layout: fc.constantFrom('preserve' as const, 'by-server' as const, 'flat' as const),
      },
      { requiredKeys: ['server'] },
    ),
    pin: fc.constantFrom('digest' as const, 'tag' as const),
    exclude: fc.array(
      fc.oneof(
        key,
        fc.tuple(key, key).map((names) => names.join('/')),
        fc.constant('a*'),
      ),
      { maxLength: 3 },
    ),
    copyOnly: fc.array(fc.oneof(key, fc.constant('b*')), { maxLength: 2 }),
    rules: fc.array(
      fc.record({
        match: fc.constantFrom('docker.io/**', 'ghcr.io/*', '**/a*'),
        to: fc.constantFrom('r/{name}', '{path}/{server}/{repository}'),
      }),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: ['apiVersion', 'registry'] },
);

/** The digests file of a release, in the order given; every value as JSON writes it. */
export function digestsFile(containers: readonly Generated[]): string {
  const components = new Map<string, string[]>();
  for (const { component, container, server, path, tag, digest } of containers) {
    const keys = [
      `image_digest: "${digest}"`,
      `image_repository_path: "${path}"`,
      `image_repository_server: "${server}"`,
      `image_tag: ${quoteNever(tag)}`,
    ];
    const lines = [`    "${container}":`, ...keys.map((line) => `      ${line}`)];
    components.set(component, [...(components.get(component) ?? []), ...lines]);
  }
  return `images_digests:\n${[...components].map(([name, lines]) => `  "${name}":\n${lines.join('\n')}\n`).join('')}`;
}

/** Bare, as installers write tags: the text is what counts. An empty tag and null have to be quoted. */
function quoteNever(tag: string): string {
  return /^(|null|Null|NULL)$/.test(tag) ? `"${tag}"` : tag;
}

const mediaType = fc.stringMatching(/^[a-z][a-z0-9.+-]{0,12}\/[a-z][a-z0-9.+-]{0,40}$/);
const digest = hex64.map((hex) => `sha256:${hex}`);
const annotations = fc
  .dictionary(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), fc.string({ unit: 'binary' }), {
    minKeys: 1,
    maxKeys: 5,
    noNullPrototype: true,
  })
  .map((map) => Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))));

/** The artifacts of an image in any order: each belongs to one of two manifests, or to an artifact before it. */
export const artifactList: fc.Arbitrary<Artifact[]> = fc
  .uniqueArray(
    fc.record({
      digest,
      of: fc.nat(),
      mediaType,
      size: fc.nat(4 * 1024 * 1024),
      artifactType: fc.option(mediaType, { nil: undefined }),
      annotations: fc.option(annotations, { nil: undefined }),
      suffix: fc.option(fc.constantFrom(...COSIGN_SUFFIXES), { nil: undefined }),
      platform: fc.option(fc.constantFrom('linux/amd64', 'linux/arm64/v8', 'linux/arm/v7'), {
        nil: undefined,
      }),
    }),
    { maxLength: 12, selector: (it) => it.digest },
  )
  .chain((drafts) => {
    const depths = new Map<string, number>();
    const tags = new Set<string>();
    const list = drafts.flatMap(({ of, suffix, ...draft }, index): Artifact[] => {
      const subjects = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`];
      for (const earlier of drafts.slice(0, index))
        if ((depths.get(earlier.digest) ?? 9) < 4) subjects.push(earlier.digest);
      const subject = subjects[of % subjects.length] as string;
      const tag = suffix && cosignTag(subject, suffix);
      if (tag && tags.has(tag)) return [];
      if (tag) tags.add(tag);
      depths.set(draft.digest, (depths.get(subject) ?? 0) + 1);
      const { artifactType, annotations: own, platform, ...rest } = draft;
      return [
        {
          ...rest,
          subject,
          ...(artifactType && { artifactType }),
          ...(own && { annotations: own }),
          ...(tag && { tag }),
          ...(platform && { platform }),
        },
      ];
    });
    return fc.shuffledSubarray(list, { minLength: list.length });
  });
