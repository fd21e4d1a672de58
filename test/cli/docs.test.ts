import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BINARY, folder } from '../support/cli.ts';
import { PAGES_WITH_EXAMPLES } from '../support/pages.ts';

/** A `console` block of Markdown: what is typed behind `$ `, and what is shown for it; a line `…` stands for any. */
function examplesOf(file: string): { command: string; shown: string }[] {
  const blocks = [...readFileSync(file, 'utf8').matchAll(/^```console\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .filter(Boolean)
      .map((part) => {
        const end = part.indexOf('\n');
        return { command: part.slice(0, end), shown: part.slice(end + 1) };
      }),
  );
}

describe.each(PAGES_WITH_EXAMPLES)('%s', (file) => {
  const examples = examplesOf(file);
  test('has examples', () => expect(examples.length).toBeGreaterThan(1));

  test.each(examples)('$ $command', ({ command, shown }) => {
    const dir = folder();
    cpSync('test/fixtures/releases', join(dir, 'releases'), { recursive: true });
    mkdirSync(join(dir, 'bin'));
    symlinkSync(BINARY, join(dir, 'bin/ess-airgap'));
    const run = spawnSync('sh', ['-c', `(${command}) >../out 2>&1; cat ../out`], {
      cwd: join(dir, 'releases'),
      encoding: 'utf8',
      env: { PATH: `${join(dir, 'bin')}:${process.env.PATH}`, HOME: dir },
    });
    const pattern = shown
      .split('…\n')
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('[\\s\\S]*');
    expect(run.stdout.replaceAll('\r', '')).toMatch(new RegExp(`^${pattern}$`));
  });
});
