// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the shell that these are for
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { EMITTED_SCRIPT, SCRIPT } from '../../lib/mirror/script.ts';
import { stripComments } from '../../lib/mirror/strip-comments.ts';

const dir = mkdtempSync(join(tmpdir(), 'ess-airgap-strip-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function run(command: string, input?: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8', input, cwd: dir });
  return `${stdout}${stderr}exit ${status}\n`;
}

test.each([
  ['a line of its own', 'a\n  # gone\nb\n', 'a\nb\n'],
  ['behind a command', 'a  # gone\nb\t#gone\n', 'a\nb\n'],
  ['blank lines', '\n\na\n   \n\tb\n\n', 'a\n\tb\n'],
  ['without a line break at the end', 'a # gone', 'a'],
  ['behind operators', 'a;# gone\n(a)# gone\na &&# gone\nb\n', 'a;\n(a)\na &&\nb\n'],
  ['the shebang stays, in the first line alone', '#!/bin/sh\n#!gone\na\n', '#!/bin/sh\na\n'],
  ['single quotes', "a '#' '\n# stays\n\n'\n", "a '#' '\n# stays\n\n'\n"],
  ['double quotes', 'a "x # y\n# stays\n"\n', 'a "x # y\n# stays\n"\n'],
  ['an escape', 'a \\# b # gone\n', 'a \\# b\n'],
  ['within a word', "a#b ''#c $x#d $(x)#e `x`#f\n", "a#b ''#c $x#d $(x)#e `x`#f\n"],
  ['patterns of parameters', 'a ${x#y} ${x##*/} ${#x} $# # gone\n', 'a ${x#y} ${x##*/} ${#x} $#\n'],
  ['quotes in patterns', "a ${x##*'}#'} \"${x#'#}'}\" # gone\n", "a ${x##*'}#'} \"${x#'#}'}\"\n"],
  ['a quote in a word in double quotes', 'a "${x:-it\'s}" # gone\n', 'a "${x:-it\'s}"\n'],
  ['arithmetic', 'a $((16#ff + (1 << 2))) # gone\n', 'a $((16#ff + (1 << 2)))\n'],
  ['substitution', 'a $(b # gone\n) "$(c # gone\n)"\n', 'a $(b\n) "$(c\n)"\n'],
  ['case', 'case $x in\n  "#"*) a ;; # gone\n  # gone\nesac\n', 'case $x in\n  "#"*) a ;;\nesac\n'],
  ['a here-document', 'a <<E # gone\n# stays\n\nE\nb # gone\n', 'a <<E\n# stays\n\nE\nb\n'],
  ['two of them', "a <<'E' <<-F\n# 1\nE\n\t# 2\n\tF\n# gone\n", "a <<'E' <<-F\n# 1\nE\n\t# 2\n\tF\n"],
  ['a continued line', 'a \\\n# gone, and ends the command\nb\n', 'a \\\n\nb\n'],
  ['a word over two lines', 'a\\\n#b\n', 'a\\\n#b\n'],
  ['a comment that ends with a backslash', '# gone \\\na\n', 'a\n'],
])('%s', (_, script, stripped) => {
  expect(stripComments(script)).toBe(stripped);
});

test.each([
  ["a $'x'\n", 'not POSIX'],
  ['a <<<x\n', 'not POSIX'],
  ['a <<$x\nb\n$x\n', 'not a plain word'],
  ['a <<E\nb\n', 'without its end E'],
  ["a 'b\n", 'a quote without an end'],
  ['a "b\n', 'ends too early'],
  ['a `b # c`\n', 'back quotes'],
  ['a $(case x in y) z ;; esac)\n', 'patterns end with one'],
])('refuses what it cannot tell: %j', (script, message) => {
  expect(() => stripComments(script)).toThrow(message);
});

describe('for any script', () => {
  const word = fc.constantFrom(
    ...['a', 'a#b', "'#'", '"# $x"', '\\#', '${x#a}', "${x##*'#'}", '"${x%"#"}"', '$#', '$((2 + 3))'],
    ...[
      '$(echo "#" # no\n)',
      '"$(echo b # no\n)"',
      '"it\'s #"',
      "'two\n\n# lines'",
      '"two\n# lines"',
      '${#x}',
    ],
    ...['`echo "c"`', '"${y:-#}"', "''#", '$x#y'],
  );
  const echo = fc.array(word, { maxLength: 4 }).map((words) => ['printf "[%s]"', ...words].join(' '));
  const hereDocument = fc.constantFrom(
    ...["cat <<'E'\n# stays\n\n$x\nE", 'cat <<-E\n\t# $x\n\n\tE', 'cat <<A; cat <<B\n# 1\nA\n\n# 2\nB'],
  );
  const compound = echo.map((inner) => `if [ "$x" != '#' ]; then # no\n\n  ${inner} # no\nfi`);
  const cases = echo.map((inner) => `case '#' in # no\n  # no\n  '#') ${inner} ;; # no\nesac`);
  const subshell = echo.map((inner) => `(${inner} # no\n)`);
  const continued = echo.map((inner) => `${inner} \\\n# no\n${inner} \\\n  end`);
  const noise = fc.constantFrom('', '# no', '  # it\'s "no" `no` $(no <<E', ' ', '#', '# no \\');
  const line = fc.oneof(echo, echo, hereDocument, compound, cases, subshell, continued, noise);
  const script = fc
    .array(fc.tuple(line, fc.constantFrom('', '', ' # no', '\t#no', ' # \'no "no')), { maxLength: 12 })
    .map((lines) => {
      // Behind a here-document's end nothing may stand.
      const texts = lines.map(([text, comment]) => (/^cat/.test(text) ? text : text + comment));
      return `x=a#c\n${texts.join('\n')}\n`;
    });

  test.each(['dash', 'bash --posix', 'busybox sh'])('%s does the same with and without comments', (shell) => {
    fc.assert(
      fc.property(script, (text) => {
        const stripped = stripComments(text);
        expect(stripComments(stripped)).toBe(stripped);
        expect(stripped).not.toContain('# no');
        expect(run(shell, stripped)).toBe(run(shell, text));
      }),
      { numRuns: 150 },
    );
  });
});

describe.each(Object.keys(SCRIPT))('%s', (name) => {
  const [original = '', emitted = ''] = [SCRIPT[name], EMITTED_SCRIPT[name]];

  test('has one line of comment as it is emitted, and no blank line', () => {
    const lines = emitted.split('\n').slice(0, -1);
    const comments = lines.filter((line) => /^\s*#(?!!)/.test(line));
    expect(comments).toEqual([expect.stringContaining(`lib/mirror/${name}`)]);
    expect(lines.indexOf(comments[0] ?? '')).toBe(name === 'mirror.sh' ? 1 : 0);
    expect(lines.filter((line) => line.trim() === '')).toEqual([]);
    expect(emitted.length).toBeLessThan(original.length);
  });

  test('is the same program: bash reads the same functions and commands from both', () => {
    const parsed = (text: string): string => {
      writeFileSync(join(dir, 'whole.sh'), `whole() {\n${text}\n}\ndeclare -f whole\n`);
      return run('bash --posix whole.sh');
    };
    expect(parsed(emitted)).toContain('exit 0');
    expect(parsed(emitted)).toBe(parsed(original));
  });

  test('shells and shellcheck take it', () => {
    writeFileSync(join(dir, name), emitted);
    for (const shell of ['dash', 'bash --posix', 'busybox sh'])
      expect(run(`${shell} -n ${name}`)).toBe('exit 0\n');
    // What the comments told shellcheck: the shell, the parts beside it, and what other parts use.
    expect(run(`shellcheck -s sh -S warning -e SC1090,SC1091,SC2034,SC2154,SC2317 ${name}`)).toBe('exit 0\n');
  });
});

test('a reworded comment reaches neither the script nor its hash', () => {
  const text = readFileSync('lib/mirror/workers.sh', 'utf8');
  const reworded = text.replace(/^( *)# .*$/gm, '$1# other words').replace(/\n\n/g, '\n\n\n');
  expect(reworded).not.toBe(text);
  expect(stripComments(reworded)).toBe(stripComments(text));
});
