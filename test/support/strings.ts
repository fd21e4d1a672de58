import { readFileSync } from 'node:fs';
import { parseAst } from 'vitest/node';

/** A node of the syntax tree, of any type. */
interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Nodes whose strings no user sees; TypeScript's own nodes are others. */
const INTERNAL = new Set(['ImportDeclaration', 'ExportAllDeclaration', 'ImportExpression']);

/** Keys of objects whose strings are for users even if they are one word. */
const TEXT_KEYS = new Set(['message', 'hint', 'command', 'title', 'description', 'summary']);

/** The strings of a source file that look like text for users, each once, in the order of the file. */
export function stringsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const all = file.endsWith('.sh') ? shellStrings(source) : typescriptStrings(source);
  return [...new Set(all.flatMap((text) => text.split('\n')).map((line) => line.trim()))].filter(Boolean);
}

/** Whether a string is made of words, and is not a name, a path or code alone. */
function isText(text: string): boolean {
  return /[A-Za-z}][,.:;)]? \(?[A-Za-z{]/.test(text);
}

function typescriptStrings(source: string): string[] {
  const strings: string[] = [];
  const visit = (node: SyntaxNode, isShown: boolean): void => {
    if (INTERNAL.has(node.type) || node.type.startsWith('TS')) {
      // A cast has an expression; a type has none.
      if (isNode(node.expression)) visit(node.expression, isShown);
      return;
    }
    const text = textOf(node, source);
    if (text !== undefined) {
      strings.push(...text.split('\n').filter((line) => isText(line) || (isShown && line.trim() !== '')));
      // The strings of the expressions inside a template come after it.
      for (const inner of expressionsIn(node)) visit(inner, false);
      return;
    }
    for (const [key, value] of Object.entries(node)) {
      if (node.type === 'Property' && key === 'key') {
        // A key is shown when it is text, as the command lines of examples are.
        if (isNode(value) && value.type === 'Literal') visit(value, false);
        continue;
      }
      const shown = node.type === 'Property' && isNode(node.key) && TEXT_KEYS.has(String(node.key.name));
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) visit(child, key === 'value' && shown);
      }
    }
  };
  visit(parseAst(source, { lang: 'ts' }) as unknown as SyntaxNode, false);
  return strings;
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** The text of a literal, a template, or such added together, with its expressions in braces; undefined for others. */
function textOf(node: SyntaxNode, source: string): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'TemplateLiteral') {
    const quasis = node.quasis as { value: { cooked: string } }[];
    const expressions = node.expressions as SyntaxNode[];
    return quasis
      .map(({ value }, index) => {
        const inner = expressions[index];
        return value.cooked + (inner ? placeholder(inner, source) : '');
      })
      .join('');
  }
  if (node.type === 'BinaryExpression' && node.operator === '+') {
    const left = node.left as SyntaxNode;
    const right = node.right as SyntaxNode;
    const [before, after] = [textOf(left, source), textOf(right, source)];
    if (before === undefined && after === undefined) return undefined;
    return (before ?? placeholder(left, source)) + (after ?? placeholder(right, source));
  }
  return undefined;
}

/** An expression as it stands in the source if that is short. */
function placeholder(node: SyntaxNode, source: string): string {
  const text = source.slice(node.start, node.end).replace(/\s+/g, ' ');
  return text.length > 60 ? '{…}' : `{${text}}`;
}

/** The expressions of a string whose own strings are not part of its text. */
function expressionsIn(node: SyntaxNode): SyntaxNode[] {
  if (node.type === 'Literal') return [];
  if (node.type === 'TemplateLiteral') return node.expressions as SyntaxNode[];
  return [node.left as SyntaxNode, node.right as SyntaxNode].flatMap((side) =>
    side.type === 'Literal' ? [] : isString(side) ? expressionsIn(side) : [side],
  );
}

function isString(node: SyntaxNode): boolean {
  return node.type === 'TemplateLiteral' || (node.type === 'BinaryExpression' && node.operator === '+');
}

/** The quoted strings and here-documents of a shell script, without its comments and patterns of `case`. */
function shellStrings(source: string): string[] {
  const strings: string[] = [];
  const token =
    /\\[\s\S]|(?<comment>(?<=^|[\s;])#.*)|<<-?\s*(?<mark>['"]?)(?<word>[A-Z]+)\k<mark>.*\n(?<body>[\s\S]*?)\n\s*\k<word>$|'(?<single>[^']*)'|"(?<double>(?:\$\{[^{}']*'[^']*'\}|[^"\\]|\\.)*)"/gm;
  for (const match of source.matchAll(token)) {
    const { body, single, double } = match.groups as Record<string, string | undefined>;
    const before = source[match.index - 1];
    const after = source[match.index + match[0].length];
    if (before === '*' || after === '*') continue;
    // A program of awk or sed: only its own strings are text.
    const inner = single?.includes('\n')
      ? [...single.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text)
      : undefined;
    const texts = inner ?? [body ?? single ?? double ?? ''];
    strings.push(...texts.flatMap((text) => text.split(/\n|\\n/)).filter(isText));
  }
  return strings;
}
