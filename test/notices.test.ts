import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Package {
  group?: string;
  name: string;
  version: string;
}

const notices = execFileSync('node', ['scripts/notices.mjs', 'LICENSE'], { encoding: 'utf8' });
const sections = [...notices.matchAll(/^=+\n(.+)\n=+\n\n([\s\S]*?)(?=\n=+\n|$(?![\s\S]))/gm)].map(
  ([, title = '', text = '']) => ({ title, text }),
);

test('every package of the bill of materials that is in the bundle or the tarball is listed as it is locked', () => {
  const sbom = execFileSync('sh', ['scripts/sbom.sh'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { components } = JSON.parse(sbom) as { components: Package[] };
  const listed = sections.map(({ title }) => title.replace(/ \(.*/, ''));
  const named = components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name} ${version}`);
  // cdk8s comes with a client for HTTP, which nothing in the bundle uses.
  const expected = named.filter((it) => !it.startsWith('follow-redirects '));
  expect(listed).toEqual(expect.arrayContaining(expected));
  expect(listed.filter((it) => !named.includes(it))).toEqual(['Node.js, in the executable']);
});

test('each has the whole text of its licence', () => {
  for (const { title, text } of sections) {
    expect(text.length, title).toBeGreaterThan(500);
    expect(text, title).toMatch(/WITHOUT WARRANT|AS IS/i);
  }
  const { text = '' } = sections.find(({ title }) => title.startsWith('cdk8s ')) ?? {};
  expect(text).toContain(readFileSync('node_modules/cdk8s/NOTICE', 'utf8').trim());
});
