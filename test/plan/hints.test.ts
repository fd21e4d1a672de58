import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unpasteableReason } from '../support/commands.ts';

// Advice that names a command prints it whole, on a line of its own. Findings are checked where they are made
// (plan.test.ts); here every hint in the source is read, with its expressions in place of what they stand for.

const hints = readdirSync('lib', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) =>
    hintsOf(readFileSync(join('lib', file), 'utf8')).map(({ text, hasCommand }) => ({
      file,
      text,
      hasCommand,
    })),
  );

test('there are hints to read', () => expect(hints.length).toBeGreaterThan(50));

test.each(hints)('$file: $text', ({ text, hasCommand }) => {
  expect(unpasteableReason({ hint: text, ...(hasCommand && { command: 'true' }) })).toBeUndefined();
});

test('the rule has teeth', () => {
  for (const hint of [
    'Set it: export PASSWORD=…',
    'Copy it: skopeo copy --all docker://a docker://b',
    'Run git rm --cached file.',
    'See ess-airgap init --help.',
    'To get it:',
  ])
    expect(unpasteableReason({ hint }), hint).toBeDefined();
  for (const command of [
    'skopeo copy docker://a.b/c:1 docker://…',
    'skopeo copy docker://a.b/c:1',
    `skopeo copy docker://a.b/c:1@sha256:${'a'.repeat(64)} docker://a.b/d:1`,
    'ess-airgap plam',
    "kubectl get pods -o 'x",
    'kubectl apply -f <file>',
  ])
    expect(unpasteableReason({ hint: 'To do it:', command }), command).toBeDefined();
  const good = 'skopeo copy --all docker://a.b/c:1 docker://d.e/c:1';
  expect(unpasteableReason({ hint: 'To copy it:', command: good })).toBeUndefined();
  expect(unpasteableReason({ hint: 'git ignores the file; kubectl refuses it.' })).toBeUndefined();
});

/** The texts that stand behind `hint:` or `hint =`, whatever expression they are part of. */
function hintsOf(source: string): { text: string; hasCommand: boolean }[] {
  return [...source.matchAll(/\bhint(?::| =)\s/g)].flatMap((match) => {
    const expression = expressionAt(source, match.index + match[0].length);
    const after = source.slice(match.index + match[0].length + expression.length);
    const hasCommand = /^,?\s*command\b/.test(after);
    return textsOf(expression)
      .filter((text) => / /.test(text))
      .map((text) => ({ text, hasCommand }));
  });
}

/** The texts of an expression, with an x for each expression inside a template, whose own texts come too. */
function textsOf(expression: string): string[] {
  const texts: string[] = [];
  for (let at = 0; at < expression.length; at++) {
    const quote = expression[at] as string;
    if (!/['"`]/.test(quote)) continue;
    let text = '';
    for (at++; at < expression.length && expression[at] !== quote; at++) {
      if (expression[at] === '\\') text += expression[++at];
      else if (quote === '`' && expression.startsWith('${', at)) {
        const inner = expressionAt(expression, at + 2);
        texts.push(...textsOf(inner));
        text += 'x';
        at += 2 + inner.length;
      } else text += expression[at];
    }
    texts.push(text);
  }
  return texts;
}

/** The expression that begins at an offset: up to a comma, semicolon or closing bracket outside of texts. */
function expressionAt(source: string, start: number): string {
  let depth = 0;
  let quote = '';
  for (let at = start; at < source.length; at++) {
    const sign = source[at] as string;
    if (quote) {
      if (sign === '\\') at++;
      else if (sign === quote) quote = '';
      else if (quote === '`' && source.startsWith('${', at)) at += 2 + expressionAt(source, at + 2).length;
    } else if (/['"`]/.test(sign)) quote = sign;
    else if (/[([{]/.test(sign)) depth++;
    else if (/[)\]}]/.test(sign) && depth-- === 0) return source.slice(start, at);
    else if (/[,;]/.test(sign) && depth === 0) return source.slice(start, at);
  }
  return source.slice(start);
}
