import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

/**
 * The folders of lib/ and the folders that each may import from. Data flows one way: from the files that users write
 * to the files that we generate. A folder must not know the folders that use it.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  common: [],
  input: [],
  image: ['input'],
  digests: ['input', 'image'],
  chart: ['input', 'image', 'digests'],
  config: ['input', 'image'],
  credentials: ['input', 'image', 'config', 'imports'],
  plan: ['input', 'image', 'digests', 'chart', 'config', 'credentials'],
  mirror: ['input', 'image', 'digests', 'config', 'credentials', 'plan'],
  registry: ['input', 'image', 'digests', 'config', 'credentials', 'plan'],
  lock: ['input', 'image', 'digests', 'chart', 'config', 'plan', 'registry'],
  signatures: ['input', 'image', 'digests', 'config', 'plan', 'registry'],
  bundle: ['input', 'image', 'digests', 'config', 'credentials', 'plan', 'mirror', 'registry'],
  preflight: ['input', 'image', 'digests', 'config', 'credentials', 'plan', 'registry'],
  manifests: ['input', 'image', 'config', 'credentials', 'plan', 'mirror'],
  validation: ['input'],
  audit: ['input', 'image', 'digests', 'config', 'plan', 'validation'],
  release: ['input', 'image', 'digests', 'config', 'plan'],
  report: ['input', 'image', 'digests', 'config', 'plan', 'release'],
  exports: ['input', 'image', 'config', 'plan'],
  repository: ['input', 'digests', '.'],
  // What a synth does with an app; ess-airgap.ts is the construct.
  synth: ['input', 'image', 'config', 'credentials', 'plan', 'manifests', 'validation', '.'],
  cli: [
    ...[
      'input',
      'image',
      'digests',
      'chart',
      'config',
      'credentials',
      'plan',
      'mirror',
      'registry',
      'lock',
      'audit',
      'bundle',
      'preflight',
      'release',
      'report',
      'exports',
      'signatures',
      'repository',
      'synth',
    ],
    '.',
  ],
  // ess-airgap.ts, project.ts, starter.ts and index.ts
  '.': [
    'input',
    'image',
    'digests',
    'chart',
    'config',
    'credentials',
    'plan',
    'mirror',
    'manifests',
    'validation',
    'signatures',
    'synth',
    '.',
  ],
};

/** Packages that the pure folders may import: no file system, no network, no cdk8s. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  common: [],
  image: [],
  plan: ['node:crypto'],
  release: [],
  report: ['node:crypto'],
  exports: [],
};

const files = readdirSync('lib', { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const imports = files.flatMap((file) => {
  const text = readFileSync(join('lib', file), 'utf8');
  return [...text.matchAll(/(?:from |import |import\()'([^']+)'/g)].map(([, target = '']) => ({
    file,
    target,
  }));
});

test('every folder of lib/ has its row here', () => {
  const folders = new Set(files.map((file) => dirname(file).split('/')[0] ?? '.'));
  expect([...folders].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
});

/** What .gitignore has, and git itself. */
const NOT_IN_GIT = ['.git', '.synth', 'build', 'node_modules', 'release'];

test('CONTRIBUTING has a row for each folder, and for no other', () => {
  const rows = [...readFileSync('CONTRIBUTING.md', 'utf8').matchAll(/^\| (`[^|]*`) \|/gm)].map(
    ([, name]) => name,
  );
  const named = rows.flatMap((row = '') => [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  const there = [
    ...readdirSync('lib', { withFileTypes: true }).map(
      (it) => `lib/${it.name}${it.isDirectory() ? '/' : ''}`,
    ),
    ...['main.ts', 'app.sh'],
    ...readdirSync('.', { withFileTypes: true })
      .filter((it) => it.isDirectory() && !['lib', ...NOT_IN_GIT].includes(it.name))
      .map((it) => `${it.name}/`),
  ];
  expect(named.sort()).toEqual(there.sort());
});

test('imports go one way', () => {
  const wrong = imports.filter(({ file, target }) => {
    if (!target.startsWith('.') || !target.endsWith('.ts')) return false;
    const from = dirname(file).split('/')[0] ?? '.';
    // imports/ stands beside lib/.
    const folder = relative('lib', dirname(join('lib', dirname(file), target))).replace(/^\.\.\//, '');
    const to = folder.split('/')[0] || '.';
    return from !== to && to !== 'common' && !MAY_IMPORT[from]?.includes(to);
  });
  expect(wrong).toEqual([]);
});

test('no file imports itself by way of others, types included', () => {
  const graph = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const { file, target } of imports) {
    if (target.startsWith('.') && target.endsWith('.ts'))
      graph.get(file)?.push(normalize(join(dirname(file), target)));
  }
  expect(circles(graph)).toEqual([]);
});

test('a circle is found, however long, and named from its first file on', () => {
  const graph = new Map([
    ['a.ts', ['b.ts', 'd.ts']],
    ['b.ts', ['c.ts']],
    ['c.ts', ['b.ts', 'd.ts']],
    ['d.ts', ['e.ts']],
    ['e.ts', ['f.ts']],
    ['f.ts', ['d.ts']],
  ]);
  expect(circles(graph)).toEqual(['b.ts > c.ts > b.ts', 'd.ts > e.ts > f.ts > d.ts']);
});

/** At least one circle of each group of files that reach each other. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      const circle = path.slice(start);
      const first = circle.indexOf([...circle].sort()[0] as string);
      const turned = [...circle.slice(first), ...circle.slice(0, first)];
      found.add([...turned, turned[0]].join(' > '));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of [...graph.keys()].sort()) visit(file, []);
  return [...found].sort();
}

test('the plan is pure', () => {
  const wrong = imports.filter(({ file, target }) => {
    const allowed = PURE[dirname(file).split('/')[0] ?? '.'];
    return allowed && !target.startsWith('.') && !allowed.includes(target);
  });
  expect(wrong).toEqual([]);
});

test('all code about credentials is in lib/credentials', () => {
  const elsewhere = files.filter(
    (file) =>
      /credential|login|docker-config|redact|leak-check|base64/.test(file) &&
      !file.startsWith('credentials/'),
  );
  // What the command line says, and the schema's variants: config is read by everything and imports nothing of it.
  expect(elsewhere).toEqual(['cli/check-logins.ts', 'config/credential.ts']);
  const names = files.filter((file) => file.startsWith('credentials/')).map((file) => file.split('/').pop());
  const namesakes = files.filter(
    (file) => !file.startsWith('credentials/') && names.includes(file.split('/').pop()),
  );
  expect(namesakes).toEqual([]);
});

test('only project.ts reads a configuration, because it remembers the secrets that must not be printed', () => {
  const readers = files.filter(
    (file) => /\breadConfig\b/.test(readFileSync(join('lib', file), 'utf8')) && !file.startsWith('config/'),
  );
  // index.ts only exports it.
  expect(readers.sort()).toEqual(['index.ts', 'project.ts']);
});
