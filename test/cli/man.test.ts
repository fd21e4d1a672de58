import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../lib/cli/commands/index.ts';
import { makeProgram } from '../../lib/cli/program.ts';
import { essAirgap } from '../support/cli.ts';

const FILE = 'build/ess-airgap.1';
const program = makeProgram();
for (const add of COMMANDS) add(program);

function mandoc(...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync('mandoc', [...args, FILE], { encoding: 'utf8' });
  return stdout + stderr;
}

/** The page as a terminal shows it, in one line: without overstriking, and with single spaces. */
const shown = mandoc('-Tutf8', '-Owidth=500').replace(/.[\b]/g, '').replace(/\s+/g, ' ').replaceAll('‐', '-');

describe('the man page', () => {
  test('is legal: mandoc has nothing to say but that it has no date', () => {
    expect(mandoc('-Tlint', '-Wwarning').trim()).toMatch(/^mandoc: .*: WARNING: missing date, using "": TH$/);
  });

  test('names the version', () => {
    expect(mandoc('-Tutf8')).toContain(
      `ess-airgap ${JSON.parse(readFileSync('package.json', 'utf8')).version}`,
    );
  });

  test.each(program.commands.map((command) => command.name()))('has what the help of %s says', (name) => {
    const { stdout } = essAirgap(['help', name]);
    const [usage = '', ...paragraphs] = stdout.split(/\n\n(?=\S)/);
    expect(shown).toContain(usage.replace('Usage: ', '').trim());
    const options = stdout.matchAll(/^ {2}((?:-\w, )?--[\w-]+(?: <\w+>)?)/gm);
    for (const [, flags = ''] of options) expect(shown).toContain(flags);
    // Examples: each line as it is.
    const examples = paragraphs.find((text) => text.startsWith('Examples:')) ?? '';
    for (const line of examples.split('\n')) expect(shown).toContain(line.trim().replace(/\s+/g, ' '));
    // Every word of the texts, in their order, however lines are broken.
    const description = paragraphs[0]?.replace(/\s+/g, ' ').trim() ?? '';
    expect(shown).toContain(description.slice(1, -1));
  });
});
