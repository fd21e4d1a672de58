import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Project } from './support/project.ts';

// Every page whose commands a reader types: its `sh` blocks run in order, in one copy of the repository. A `text` block
// below one is what it printed. `bash` blocks need a cluster and are not run; `console` blocks are for
// test/cli/docs.test.ts, which compares what is shown with what is printed.

const pages = [
  'docs/tutorial.md',
  ...readdirSync('docs/how-to')
    // test/how-to/no-connection.test.ts gives this one its registries.
    .filter((name) => name !== 'no-connection.md')
    .sort()
    .map((name) => `docs/how-to/${name}`),
];
const projects: Project[] = [];
afterAll(() => {
  for (const project of projects) project.remove();
});

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  const fences = readFileSync(page, 'utf8').matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...fences].map(([, language = '', text = '']) => ({ language, text }));
}

describe.each(pages)('%s', (page) => {
  const blocks = blocksOf(page);

  test('says of each block what it is', () => {
    const languages = new Set(blocks.map(({ language }) => language));
    expect(
      [...languages].filter(
        (it) => !['sh', 'text', 'console', 'bash', 'yaml', 'json', 'ts', 'diff', 'ini'].includes(it),
      ),
    ).toEqual([]);
    // One inside of a list would not be found, nor run.
    expect(readFileSync(page, 'utf8')).not.toMatch(/^ +```/m);
  });

  test('its commands do what it says', () => {
    if (!blocks.some(({ language }) => language === 'sh')) return;
    const project = new Project();
    projects.push(project);
    cpSync('examples', join(project.dir, 'examples'), { recursive: true });
    let script = 'set -eu\n';
    const outputs: string[] = [];
    blocks.forEach(({ language, text }, index) => {
      if (language === 'sh') script += `${text}echo "== end of block ${index}"\n`;
      if (language === 'text') outputs.push(text);
    });
    // npx installs a clone into a cache of its own before it runs its tool, which needs a real node_modules.
    const { status, stdout, stderr } = project.run(
      script.replaceAll('npx ess-airgap', 'node build/ess-airgap.cjs'),
    );
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(`${status}\n${stderr}`).toMatch(/^0\n/);
    for (const output of outputs) expect(stdout).toContain(output);
  });
});
