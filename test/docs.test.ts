import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../lib/index.ts';
import { makePlan } from '../lib/plan/plan.ts';
import { summarize } from '../lib/synth/summary.ts';
import { RULES } from '../lib/validation/rules.ts';
import { seal, sealingKey } from './support/sealing.ts';

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
];
const page = (name: string) => readFileSync(`docs/how-to/${name}.md`, 'utf8');

/** The anchors of a page's headings, as GitHub makes them. */
function headingsOf(file: string): string[] {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9 _-]/g, '')
      .replaceAll(' ', '-'),
  );
}

test.each(pages)('%s: every link leads to a file and a heading', (path) => {
  const text = readFileSync(path, 'utf8');
  for (const [, target = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
    const file = target === '' ? path : join(dirname(path), target);
    expect(existsSync(file), `${target} of ${path}`).toBe(true);
    if (anchor) expect(headingsOf(file)).toContain(anchor);
  }
});

test('every page is at most two clicks away from the README', () => {
  const linked = (file: string): string[] =>
    [...readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => {
      const path = join(dirname(file), target);
      return target.endsWith('/') ? join(path, 'README.md') : path;
    });
  const first = linked('README.md').filter((file) => pages.includes(file));
  const near = new Set([...first, ...first.flatMap(linked)]);
  expect(pages.filter((path) => path !== 'README.md' && !near.has(path))).toEqual([]);
  // What somebody wants to do is not searched for behind another page.
  expect(pages.filter((path) => path.startsWith('docs/how-to/') && !first.includes(path))).toEqual([]);
});

test.each(pages)(
  '%s: nobody is told to install an ess-airgap that npm would look for in its registry',
  (path) => {
    const text = readFileSync(path, 'utf8');
    expect(
      text.match(/\b(npm (install|i|add|ci)|npx --?[\w-]+( [\w-]+)?)\b[^\n`]* ess-airgap(@|\s|`|$)/g) ?? [],
    ).toEqual(
      // From a file, and from the folder of a clone.
      path === 'docs/how-to/install.md' ? ['npx --offline --package ./ess-airgap-0.1.0.tgz ess-airgap '] : [],
    );
  },
);

test.each(pages.filter((path) => /^docs\/(how-to|tutorial)\//.test(path)))(
  '%s says how to check that it worked',
  (path) => {
    expect(readFileSync(path, 'utf8')).toMatch(/^#+ .*\bCheck\b/m);
  },
);

test('the page of the dependencies has each of package.json, with its licence', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const rows = [
    ...readFileSync('docs/explanation/dependencies.md', 'utf8').matchAll(/^\| ([^|]+) \| ([^|]+) \|/gm),
  ];
  const listed = rows.flatMap(([, names = '', licence]) =>
    names.split(', ').map((name) => [name.replace(' (peer)', ''), licence]),
  );
  const licenceOf = (name: string): string =>
    JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')).license.replace(' OR ', ' or ');
  const there = Object.keys({ ...dependencies, ...devDependencies }).map((name) => [name, licenceOf(name)]);
  expect(listed.filter(([name]) => !['package', '---'].includes(name ?? '')).sort()).toEqual(there.sort());
});

describe('the pieces of airgap.yaml in the how-to pages are legal', () => {
  const { publicKey } = sealingKey();
  const pieces = ['credentials', 'external-secrets', 'sealed-secrets'].flatMap((name) =>
    [...page(name).matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => ({ name, text })),
  );
  test.each(pieces)('$name: $text', ({ text }) => {
    const entries = /^ {4}- /.test(text) ? `mirror:\n  auth:\n${text}` : text;
    const whole = entries
      .replace('mirror:\n', `mirror:\n  image: quay.io/skopeo/stable@sha256:${'a'.repeat(64)}\n`)
      .replace(/Ag\w+…/g, () => seal('{}', '', publicKey));
    expect(load(whole)).toBeTypeOf('object');
    parseConfig(
      `apiVersion: ess-airgap/v1\nregistry: { server: localregistry.local }\n${whole}`,
      'airgap.yaml',
    );
  });
});

test('what synth says about dockerSecrets is what the page shows, url and server being one', () => {
  const { config } = parseConfig(readFileSync('airgap.yaml', 'utf8'), 'airgap.yaml');
  const line = summarize(makePlan([], config), config, { images: 'x', secrets: { mirror: [], nodes: [] } })
    .split('\n')
    .find((text) => text.includes('dockerSecrets'));
  expect(page('credentials')).toContain(line?.trim());
  expect(line).toContain(`url: ${config.registry.server} }`);
});

test('the page of the validation plugin has its rules', () => {
  const rules = [...page('validation').matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  expect(rules).toEqual(RULES.map(({ name }) => name));
});
