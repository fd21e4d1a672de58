import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BINARY } from './support/cli.ts';
import { PAGES_WITH_EXAMPLES, PAGES_WITH_REGISTRIES, shownIn } from './support/pages.ts';
import { Project } from './support/project.ts';

// Every page for users: its `sh` blocks run in order, in one copy of the repository. A `text` block below one is what it
// printed, `…` standing for anything. `bash` blocks need a cluster or tools of others and are not run; `console` blocks are for
// test/cli/docs.test.ts, which compares what is shown with what is printed.

const pages = [
  'README.md',
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => join(folder, name)),
  ),
];
const projects: Project[] = [];
/** A folder for PATH with the command `ess-airgap`. */
const commands = mkdtempSync(join(tmpdir(), 'ess-airgap-pages-'));
symlinkSync(BINARY, join(commands, 'ess-airgap'));
afterAll(() => {
  rmSync(commands, { recursive: true, force: true });
  for (const project of projects) project.remove();
});

interface Block {
  readonly language: string;
  readonly text: string;
}

const FENCED = /^ *```(\w*)\n([\s\S]*?)^ *```$/gm;

function blocksOf(page: string): Block[] {
  return [...readFileSync(page, 'utf8').matchAll(FENCED)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

describe.each(pages)('%s', (page) => {
  const blocks = blocksOf(page);

  test('says of each block what it is', () => {
    // Without a language: what is printed, or stands, where no test can see it.
    const known = ['sh', 'text', 'console', 'bash', 'yaml', 'ts', ''];
    expect(blocks.filter(({ language }) => !known.includes(language))).toEqual([]);
    const shown = blocks.filter(({ language }) => language === 'console');
    expect(shown.length > 0).toBe(PAGES_WITH_EXAMPLES.includes(page));
  });

  test('has its commands in fences, where a test finds them', () => {
    if (page === 'README.md') return;
    const outside = readFileSync(page, 'utf8').replaceAll(FENCED, '');
    expect(outside.match(/^ {4,}.*$/gm)).toBe(null);
  });

  test('its commands do what it says', () => {
    if (PAGES_WITH_REGISTRIES.includes(page) || !blocks.some(({ language }) => language === 'sh')) return;
    const project = new Project();
    projects.push(project);
    let script = 'set -eu\n';
    const outputs: string[] = [];
    blocks.forEach(({ language, text }, index) => {
      if (language === 'sh') script += `${text}echo "== end of block ${index}"\n`;
      if (language === 'text') outputs.push(text);
    });
    // npx installs a clone into a cache of its own before it runs its tool, which needs a real node_modules.
    const { status, stdout, stderr } = project.run(script.replaceAll('npx ess-airgap', 'ess-airgap'), {
      PATH: `${commands}:${process.env.PATH}`,
    });
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(`${status}\n${stderr}`).toMatch(/^0\n/);
    for (const output of outputs) expect(stdout + stderr).toMatch(shownIn(output));
  });
});
