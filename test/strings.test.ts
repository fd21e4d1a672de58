import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { COMMANDS } from '../lib/cli/commands/index.ts';
import { makeProgram } from '../lib/cli/program.ts';
import { stringsOf } from './support/strings.ts';

/** The style and the script of the report page: code, not text. */
const CODE = ['lib/report/script.ts', 'lib/report/style.ts'];

const files = readdirSync('lib', { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(?:ts|sh)$/.test(name) && !name.endsWith('.d.ts'))
  .map((name) => `lib/${name}`)
  .filter((name) => !CODE.includes(name))
  .concat('main.ts', 'app.sh')
  .sort();

/** The help of every command, as a terminal of 80 columns shows it. */
function helps(): string[] {
  const program = makeProgram();
  for (const add of COMMANDS) add(program);
  return [program, ...program.commands].flatMap((command) => {
    const lines = [`## ess-airgap ${command === program ? '' : `${command.name()} `}--help`];
    command
      .configureHelp({ helpWidth: 80, showGlobalOptions: true })
      .configureOutput({ writeOut: (text) => lines.push(...text.split('\n').map((line) => line.trimEnd())) })
      .outputHelp();
    return [...lines, ''];
  });
}

// One line per string, so that a change of words is seen and reviewed as such, and so that git can merge the file.
test('test/fixtures/strings.txt has every text that a user can see; `npm run strings` writes it', async () => {
  const sections = files.flatMap((file) => {
    const strings = stringsOf(file);
    return strings.length > 0 ? [`## ${file}`, ...strings, ''] : [];
  });
  const text = `${[...sections, ...helps()].join('\n').trimEnd()}\n`;
  await expect(text).toMatchFileSnapshot('fixtures/strings.txt');
});

test('strings are found in templates, in the expressions of templates, and in shell scripts', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-strings-'));
  const of = (name: string, source: string): string[] => {
    writeFileSync(join(dir, name), source);
    return stringsOf(join(dir, name));
  };
  try {
    const source = `import x from 'not a text';
type Kind = 'not a text';
const message = \`\${few ? 'only a few' : 'very many'} images of \${server}\`;
throw new Error('one ' + 'text');
problems.push({ hint: 'word', key: 'word' });`;
    expect(of('a.ts', source)).toEqual([
      "{few ? 'only a few' : 'very many'} images of {server}",
      'only a few',
      'very many',
      'one text',
      'word',
    ]);
    const script = `# not a text
say "the bundle is in $folder" # not a text
case $x in *'not a text'*) ;; esac
cat <<'EOF'
Usage: sh load.sh
EOF
awk '# not a text
{ print "of awk, too" }'`;
    expect(of('a.sh', script)).toEqual(['the bundle is in $folder', 'Usage: sh load.sh', 'of awk, too']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
