import { type Random, randomFrom } from './random.ts';

// Inputs that somebody might write to break the tool, made from a number: the same number makes the same input.

/** A password that stands in many of the inputs behind `user:` and before an `@`; no output may have it. */
export const PLANTED = 'hunter22secret';

/** One run of the command line: its files, its arguments, its environment. */
export interface HostileInput {
  readonly family: Family;
  /** What makes it again. */
  readonly seed: number;
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const LEAST = 'apiVersion: ess-airgap/v1\nregistry: { server: r.local }\n';
const DIGEST = `sha256:${'a'.repeat(64)}`;

/** Each way to make hostile inputs, by its name in the figures. */
const FAMILIES = {
  'globs in rules and exclude': globs,
  'values of airgap.yaml': configValues,
  'values of the digests file': digestsValues,
  'structures of YAML': structures,
  'large files': large,
  'damaged files': damaged,
  'names on the command line': names,
} as const satisfies Record<string, (random: Random) => Omit<HostileInput, 'family' | 'seed'>>;

export type Family = keyof typeof FAMILIES;

/** Inputs of every family in turn. */
export function* hostileInputs(count: number): Generator<HostileInput> {
  const families = Object.keys(FAMILIES) as Family[];
  for (let seed = 0; seed < count; seed++) {
    const family = families[seed % families.length] as Family;
    yield { family, seed, ...FAMILIES[family](randomFrom(seed)) };
  }
}

type Made = Omit<HostileInput, 'family' | 'seed'>;

function command({ pick }: Random): string[] {
  return pick([
    ['plan'],
    ['lint'],
    ['wiring'],
    ['plan', '--format', 'json'],
    ['plan', '--format', 'markdown'],
    ['report'],
    ['lint', '--format', 'json'],
    ['lint', '--format', 'sarif'],
  ]);
}

function globs(random: Random): Made {
  const { pick, many, int } = random;
  const glob = (): string =>
    pick([
      () => '(a+)+'.repeat(int(1, 40)),
      () => '*a'.repeat(int(1, 255)),
      () => `${'**/'.repeat(int(1, 80))}x`,
      () => `${'**/*a*/'.repeat(int(1, 60))}b`,
      () => '{a,b}'.repeat(int(1, 100)),
      () => `${'{a,'.repeat(int(1, 200))}b${'}'.repeat(int(0, 200))}`,
      () => `[${'a-z'.repeat(int(0, 100))}]`,
      () => `[[:${'alpha:'.repeat(int(1, 50))}]]`,
      () => '!(a|b|*)'.repeat(int(1, 20)),
      () => `${'*'.repeat(int(1, 300))}`,
      () => `${'?'.repeat(int(1, 300))}*`,
      () => many(int(1, 60), () => pick([...'ab*?[]{},/!()|\\.-@+'])).join(''),
      () => `{1..${int(1, 1e9)}}`,
    ])();
  /** These are legal: the time that they take is what counts. */
  const legal = (): string =>
    pick([
      () => `${'*a'.repeat(int(1, 100))}b`,
      () => `*${'a'.repeat(int(1, 200))}b*`,
      () => `${'?'.repeat(int(1, 200))}*`,
      () => `docker.io/**/${'*a'.repeat(int(1, 50))}`,
      () => `**/{${many(int(2, 20), () => '*a*'.repeat(int(1, 5))).join(',')}}`,
      () => `{docker.io,ghcr.io}/{a,b}/${'[ab]*'.repeat(int(1, 50))}`,
      () => '**/'.repeat(int(1, 100)).concat('a'),
    ])();
  const list = many(pick([1, 3, 200, 1000, 10_000]), pick([glob, legal, legal]));
  const config = `${LEAST}exclude: ${JSON.stringify(list)}\nrules: ${JSON.stringify(list.map((match) => ({ match, to: 'x/{name}' })))}\n`;
  const alike = many(pick([1, 50, 1000]), () => 'a'.repeat(int(1, 100)));
  return { files: { 'airgap.yaml': config, 'images_digests.yml': digestsOf(alike) }, args: command(random) };
}

function digestsOf(repositories: readonly string[]): string {
  const container = (name: string, index: number): string =>
    `  c${index}: { image_repository_server: docker.io, image_repository_path: a/${name}, image_tag: "1", image_digest: "${DIGEST}" }\n`;
  return `app:\n${repositories.map(container).join('')}`;
}

/** A text that no key of ours is meant to hold, as JSON, which is YAML too. */
function value({ pick, int, many }: Random): string {
  return pick([
    () => JSON.stringify('x'.repeat(int(1, 200_000))),
    () => JSON.stringify(`user:${PLANTED}@host.example`),
    () => JSON.stringify(`https://user:${PLANTED}@host.example/path`),
    () => JSON.stringify(`${PLANTED}@${DIGEST}@x`),
    () => JSON.stringify('\u001b[2J\u0007\u202e\u061c\u200b\u0000\ud800'),
    () => JSON.stringify(`${'a.'.repeat(int(1, 500))}example`),
    () => JSON.stringify(`${'a'.repeat(int(60, 70))}.example`),
    () => JSON.stringify('a/'.repeat(int(1, 2000))),
    () => JSON.stringify(`[::${int(0, 9)}]:5000`),
    () =>
      JSON.stringify(
        pick([
          'harbor',
          'registry',
          'default',
          'localhost',
          'https://a.b',
          'a.b:0',
          'a.b:99999',
          '..',
          '-',
          '~',
        ]),
      ),
    () => JSON.stringify(many(int(1, 300), () => String.fromCodePoint(int(0, 0xd7ff))).join('')),
    () =>
      pick([
        '',
        '~',
        'null',
        'true',
        'no',
        '0x1F',
        '1e999',
        '-0',
        '.nan',
        '1_000',
        '2024-01-01',
        '[]',
        '{}',
        '[[]]',
        '{a: b}',
      ]),
    () => `[${many(int(1, 2000), () => 'x').join(', ')}]`,
    () => `{${many(int(1, 2000), (_, index) => `k${index}: x`).join(', ')}}`,
  ])();
}

const CONFIG_KEYS: readonly string[] = [
  ...['apiVersion', 'digests', 'namespace', 'registry', 'exclude', 'rules', 'overrides', 'pin', 'configMap'],
  ...['pullSecret', 'mirror', 'name', 'cluster', 'gitops', 'copyOnly', 'extra', 'guard', 'verify'],
  ...['registry.server', 'registry.pushServer', 'registry.path', 'registry.layout', 'registry.profile'],
  ...['configMap.name', 'pullSecret.name', 'pullSecret.source', 'pullSecret.usernameEnv', 'mirror.namespace'],
  ...['mirror.image', 'mirror.auth', 'mirror.mode', 'mirror.parallel', 'mirror.shards', 'mirror.platforms'],
  ...[
    'mirror.caBundle',
    'mirror.clientCertificates',
    'mirror.proxy',
    'mirror.proxy.url',
    'mirror.rateLimits',
  ],
  ...['mirror.insecure', 'mirror.egressPorts', 'mirror.kubernetesVersion', 'registry.pullThrough'],
];

function configValues(random: Random): Made {
  const { pick, int, many } = random;
  const top = new Map<string, string>([
    ['apiVersion', 'ess-airgap/v1'],
    ['registry', '{ server: r.local }'],
  ]);
  for (const path of many(int(1, 4), () => pick(CONFIG_KEYS))) {
    const [head = '', ...rest] = path.split('.');
    const inner = rest.reduceRight((made, key) => `{ ${key}: ${made} }`, value(random));
    top.set(head, inner);
  }
  if (pick([true, false])) {
    top.set(
      'overrides',
      `{ ${value(random)}: { ${pick(['repository', 'tag', 'digest', 'source'])}: ${value(random)} }, a/b: { source: ${value(random)} } }`,
    );
  }
  if (pick([true, false])) {
    const entry = `{ server: ${value(random)}, source: existing, name: x }`;
    top.set(
      'mirror',
      `{ image: ${value(random)}, auth: [${many(int(1, 300), () => entry).join(', ')}], insecure: [${value(random)}] }`,
    );
  }
  const text = [...top].map(([key, text]) => `${key}: ${text}\n`).join('');
  return { files: { 'airgap.yaml': text, 'images_digests.yml': digestsOf(['x']) }, args: command(random) };
}

function digestsValues(random: Random): Made {
  const { int, many, pick } = random;
  const key = (): string =>
    pick([
      'image_repository_server',
      'image_repository_path',
      'image_tag',
      'image_digest',
      'image_tagg',
      value(random),
    ]);
  const container = (): string => `{ ${many(int(0, 5), () => `? ${key()}\n: ${value(random)}`).join(', ')} }`;
  const components = many(int(1, 20), (_, index) => {
    const name = pick([() => `c${index}`, () => value(random)])();
    return `? ${name}\n: { ${many(int(1, 20), (_, at) => `a${at}: ${container()}`).join(', ')} }\n`;
  });
  return {
    files: { 'airgap.yaml': LEAST, 'images_digests.yml': components.join('') },
    args: command(random),
  };
}

function structures(random: Random): Made {
  const { int, pick, many } = random;
  const bomb = pick([
    () => '['.repeat(int(1, 100_000)),
    () => '{a: '.repeat(int(1, 100_000)),
    () => '- '.repeat(int(1, 100_000)),
    () => '? '.repeat(int(1, 20_000)),
    () =>
      many(int(2, 60), (_, i) =>
        i === 0 ? 'a0: &a0 {x: 1}' : `a${i}: &a${i} {b: *a${i - 1}, c: *a${i - 1}}`,
      ).join('\n'),
    () =>
      `a: &a {${many(int(1, 3000), (_, i) => `k${i}: x`).join(', ')}}\n${many(int(1, 3000), (_, i) => `b${i}: {<<: *a}`).join('\n')}`,
    () => `a: &a [${'*a, '.repeat(int(1, 1000))}]`,
    () => `${'a: b\n'.repeat(int(2, 20_000))}`,
    () => many(int(1, 50_000), (_, i) => `u${i}: x`).join('\n'),
    () => '--- a\n'.repeat(int(1, 20_000)),
    () => `%YAML 1.2\n%TAG ! tag:x,2000:\n--- !<${'x'.repeat(int(1, 100_000))}> {}`,
    () => `!!python/object/apply:os.system ["id"]`,
    () => nested(int(1, 12)),
    () =>
      `kind: ConfigMap\ndata: { images_digests: ${JSON.stringify(`images_digests: ${JSON.stringify('a: {b: {c: d}}\n')}`)} }`,
    () => `"${'\\u0000\\x1b'.repeat(int(1, 20_000))}": x`,
    () => `${' '.repeat(int(1, 500_000))}a`,
    () => `a: |${'\n  x'.repeat(int(1, 50_000))}`,
    () => `__proto__: {constructor: {prototype: x}}\nconstructor: {toString: {hasOwnProperty: x}}\n`,
    () => `a: ${'"x" '.repeat(int(1, 20_000))}`,
    () => `a: 'x${"''".repeat(int(1, 100_000))}'`,
    () => `a:\n${many(int(1, 30_000), () => ' b: {}').join('\n')}`,
    () => `a:\n${many(int(1, 30_000), (_, i) => ` b${i}:`).join('\n')}`,
  ])();
  const file = pick(['airgap.yaml', 'images_digests.yml', 'values.yaml']);
  return {
    files: { 'airgap.yaml': LEAST, 'images_digests.yml': digestsOf(['x']), [file]: bomb },
    // None of these values names an image, so that no registry is asked.
    args: file === 'values.yaml' ? ['lock', file, '--chart-version', '26.1.0'] : command(random),
  };
}

/** ConfigMaps in ConfigMaps: each level is a text in the one above. */
function nested(levels: number): string {
  let text = 'a: { b: { image_repository_server: docker.io, image_repository_path: a, image_tag: "1" } }\n';
  for (let level = 0; level < levels; level++) {
    text = `kind: ConfigMap\ndata:\n  images_digests: |\n${text.replace(/^/gm, '    ')}\n`;
  }
  return text;
}

function large(random: Random): Made {
  const { int, pick, many } = random;
  const filler = pick([
    'a',
    '[',
    '{',
    '- ',
    'a: b\n',
    '\n',
    '#',
    ',',
    ': ',
    '"',
    '\\',
    '\u00e9',
    '&a ',
    '*a ',
    '?',
    '|',
    '\t',
    '\r',
    '[],',
    '{},',
    ':\n',
  ]);
  const text = pick([
    () => filler.repeat(Math.floor(int(1, 8_500_000) / Buffer.byteLength(filler))),
    () => `[${filler.repeat(int(1, 1_000_000))}]`,
    () => digestsOf(many(int(1000, 12_000), (_, index) => `r${index}`)),
    () => `app:\n${many(int(1000, 60_000), (_, index) => `  c${index}: { image_tagg: x }\n`).join('')}`,
    () => `app:\n${many(int(1000, 60_000), (_, index) => `  "c ${index}":\n`).join('')}`,
  ])();
  const config = pick([
    () => LEAST,
    () =>
      `${LEAST}overrides:\n${many(int(1000, 20_000), (_, index) => `  app/c${index}: { tag: "-${index}" }\n`).join('')}`,
    () =>
      `${LEAST}overrides:\n${many(int(1000, 5000), (_, index) => `  app/x${index}: { tag: "${index}" }\n`).join('')}`,
    () =>
      `${LEAST}mirror: { image: "${'x'.repeat(int(1, 1_000_000))}", parallel: ${'9'.repeat(int(1, 1000))} }`,
  ])();
  const swap = pick([true, false, false]);
  return {
    files: { 'airgap.yaml': swap ? text : config, 'images_digests.yml': swap ? config : text },
    args: command(random),
  };
}

function damaged(random: Random): Made {
  const { int, pick, many } = random;
  const config = `${LEAST}exclude: [postgres]\nrules:\n  - match: 'docker.io/**'\n    to: hub/{name}\npullSecret: { name: l, source: existing }\nmirror: { image: "quay.io/skopeo/stable:v1@${DIGEST}" }\n`;
  const damage = (text: string): Buffer => {
    let bytes = Buffer.from(text);
    for (let round = int(1, 6); round > 0; round--) {
      const at = int(0, bytes.length);
      const piece = pick([
        () => Buffer.from([int(0, 255)]),
        () =>
          Buffer.from(
            pick([
              '\0',
              '\r',
              '\n',
              '\t',
              '%',
              '@',
              '`',
              '\ufeff',
              '\u2028',
              '---\n',
              '...\n',
              '&',
              '*',
              '!',
              '|',
              '>',
              '"',
              "'",
              '{',
              '[',
              '#',
              ': ',
              '- ',
              '<<: ',
            ]),
          ),
        () => Buffer.from(many(int(1, 50), () => int(0, 255))),
        () => bytes.subarray(0, int(0, bytes.length)),
      ])();
      const removed = pick([0, 1, int(0, 40), int(0, bytes.length)]);
      bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + removed)]);
    }
    return bytes;
  };
  return {
    files: { 'airgap.yaml': damage(config), 'images_digests.yml': damage(digestsOf(['x', 'y', 'z'])) },
    args: command(random),
  };
}

function names(random: Random): Made {
  const { int, pick } = random;
  const name = pick([
    () => 'x'.repeat(int(1, 100_000)),
    () => 'x/'.repeat(int(1, 10_000)),
    () => '/dev/zero',
    () => '/dev/stdin',
    () => '/dev/tty',
    () => '/proc/self/mem',
    () => '/proc/self/environ',
    () => '/',
    () => '.',
    () => '',
    () => '-',
    () => '--',
    () => `https://user:${PLANTED}@host.example/x`,
    () => `user:${PLANTED}@host.example`,
    () => '\u001b[2J\u202e\u061c',
    () => `git:${'x'.repeat(int(1, 100_000))}:y`,
    () => 'git:--upload-pack=id:y',
    () => 'git:HEAD:..',
    () => `git:HEAD:${'../'.repeat(int(1, 3000))}etc/passwd`,
    () => 'images_digests.yml/below',
    () => 'nowhere.yml',
  ])();
  const args = pick([
    ['plan', '--config', name],
    ['lint', '-c', name],
    ['diff', '--', name, 'images_digests.yml'],
    ['diff', '--', 'images_digests.yml', name],
    ['report', '--since', name],
    ['wiring', '--helm', name],
    ['wiring', '--helm', `operator.manager=${name}`],
    ['init', '--config', 'new/../new.yaml', '--', name],
    ['init', 'r.local', '--config', 'new.yaml', '--digests', name],
    ['verify', '--ca', name],
    ['preflight', '--ca', name],
    ['lock', '--', name],
    ['lock', '--values', name, '--', 'values.yaml'],
    ['lock', '--check', '--output', name, '--', 'values.yaml'],
    ['audit', '--', name],
    ['plan', '--output', name.replaceAll('/dev/', 'dev/')],
    ['synth', '--config', name],
    // A folder that load.sh itself reports.
    ['load', '--', name.replaceAll(PLANTED, 'x')],
    ['completion', '--', name],
    ['plan', '--format', name],
    ['help', name],
    [name],
  ]);
  const file = pick([true, false])
    ? ''
    : `pullSecret: { name: x, source: file, path: ${JSON.stringify(name)} }\n`;
  return {
    files: {
      'airgap.yaml': `${LEAST}${file}`,
      'images_digests.yml': digestsOf(['x']),
      'values.yaml': 'image: { registry: docker.io, repository: a/b, tag: "1" }\n',
    },
    args,
    ...(pick([true, false, false, false]) && name.length < 100_000 && { env: { ESS_AIRGAP_CONFIG: name } }),
  };
}
