import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

/**
 * The house: what each folder of lib/ may import from. Data goes one way, from the files that users write to what is
 * made of them; nothing that makes something is known to what it is made from.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  input: [],
  image: [],
  digests: ['input', 'image'],
  config: ['input', 'image'],
  plan: ['input', 'image', 'digests', 'config'],
  mirror: ['input', 'image', 'config', 'plan'],
  registry: ['input', 'image', 'config', 'plan'],
  bundle: ['input', 'image', 'digests', 'config', 'plan', 'mirror', 'registry'],
  manifests: ['input', 'image', 'config', 'plan', 'mirror', 'imports'],
  validation: ['input'],
  release: ['input', 'image', 'digests', 'config', 'plan'],
  report: ['input', 'image', 'digests', 'config', 'plan', 'release'],
  // What the cdk8s app, main.ts, says; the command-line tool is cli.
  app: ['input', 'image', 'config', 'plan', 'manifests'],
  cli: [
    ...['input', 'image', 'digests', 'config', 'plan', 'mirror', 'registry', 'bundle', 'release', 'report'],
    '.',
  ],
  // project.ts, starter.ts and index.ts
  '.': ['input', 'image', 'digests', 'config', 'plan', 'mirror', 'manifests', 'validation', '.'],
};

/** Packages that the pure parts may use; files, the network and cdk8s are for the edges. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  image: [],
  plan: ['node:crypto', 'picomatch'],
  release: [],
  report: ['node:crypto'],
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

test('every folder is a room of the house', () => {
  const rooms = new Set(files.map((file) => dirname(file).split('/')[0] ?? '.'));
  expect([...rooms].sort()).toEqual(Object.keys(MAY_IMPORT).sort());
});

/** What .gitignore has, and git itself. */
const NOT_IN_GIT = ['.git', '.synth', 'build', 'node_modules', 'release'];

test('CONTRIBUTING has a row for each room, and for no other', () => {
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
    return from !== to && !MAY_IMPORT[from]?.includes(to);
  });
  expect(wrong).toEqual([]);
});

test('the plan is pure', () => {
  const wrong = imports.filter(({ file, target }) => {
    const allowed = PURE[dirname(file)];
    return allowed && !target.startsWith('.') && !allowed.includes(target);
  });
  expect(wrong).toEqual([]);
});
