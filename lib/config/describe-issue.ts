import type * as z from 'zod/mini';
import { nearest } from '../input/nearest.ts';
import type { Problem } from '../input/problem.ts';
import { mayHoldPassword, quote, shorten } from '../input/quote.ts';
import { describeNode, predicateOf, type YamlNode } from '../input/yaml.ts';
import { type AnySchema, chooseVariant, unwrap } from './convert.ts';
import { locate, type Path } from './locate.ts';

/** Describes an issue that the schema found, with its place in the file: one problem, or several for unknown keys. */
export function describeIssue(issue: z.core.$ZodIssue, root: YamlNode): Problem[] {
  const { node, place, schema, owner, missing } = locate(root, issue.path);
  const name = nameOf(issue.path) || 'the configuration';
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(schema, node);
      const keys = new Set(issue.keys);
      const entries = node.kind === 'mapping' ? node.entries.filter(({ key }) => keys.has(key)) : [];
      return entries.map((entry) => {
        const meant = nearest(entry.key, known);
        return {
          place: entry.place,
          message: `unknown key ${quote(entry.key)}; expected ${known.join(', ')}`,
          hint: meant && `Did you mean ${meant}?`,
        };
      });
    }
    case 'invalid_type':
      if (missing) return [{ place, message: `${name} is missing; expected ${inWords(issue.expected)}` }];
      return [{ place, message: `${name} ${predicate(name, node)}; expected ${inWords(issue.expected)}` }];
    case 'invalid_value':
    case 'invalid_union': {
      // The variant whose type matches the value, if there is one: the problem is inside the value.
      const inside = issue.code === 'invalid_union' ? issue.errors.find(isInside) : undefined;
      if (inside) {
        return inside.flatMap((inner) =>
          describeIssue({ ...inner, path: [...issue.path, ...inner.path] }, root),
        );
      }
      const values = allowedValues(issue, owner, missing ? undefined : schema);
      const found = missing ? 'is missing' : predicateOf(node);
      const text = node.kind === 'scalar' && !missing ? nearest(node.text, values) : undefined;
      return [
        {
          place,
          message: `${name} ${found}; expected ${values.join(' or ')}`,
          hint: text && `Did you mean ${text}?`,
        },
      ];
    }
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({
        place,
        message: `the key ${quote(String(issue.path.at(-1)))} of ${nameOf(issue.path.slice(0, -1))} is not valid: ${message}`,
      }));
    case 'custom':
      if (SECRETIVE.test(name) || node.kind !== 'scalar')
        return [{ place, message: `${name} is not valid: ${issue.message}` }];
      return [{ place, message: `${name} ${describeNode(node)} is not valid: ${issue.message}` }];
    default:
      return [{ place, message: `${name}: ${issue.message}` }];
  }
}

function isInside(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every(({ path, code }) => path.length > 0 || code === 'custom');
}

/** A path as keys separated by dots. A key that may hold a password is not repeated. */
function nameOf(path: Path): string {
  return path.map((step) => (mayHoldPassword(String(step)) ? '***' : shorten(String(step)))).join('.');
}

/** Keys whose value may contain a secret by mistake. Messages do not repeat such a value. */
const SECRETIVE = /(Env|encryptedData|username|password|proxy\.url)$/;

function predicate(name: string, node: YamlNode): string {
  return SECRETIVE.test(name) && node.kind === 'scalar' && !node.empty ? 'is a string' : predicateOf(node);
}

function inWords(expected: string): string {
  const words: Record<string, string> = {
    string: 'a string',
    boolean: 'true or false',
    number: 'a number',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  };
  return words[expected] ?? expected;
}

function knownKeys(schema: AnySchema | undefined, node: YamlNode): string[] {
  const def = schema?._zod.def;
  if (def?.type === 'object') return Object.keys(def.shape);
  if (def?.type === 'union' && node.kind === 'mapping')
    return knownKeys(chooseVariant(def.options, node), node);
  return [];
}

/**
 * The allowed values: the literals of an enum, those of the key that selects the variant of a union, or a literal and
 * a list.
 */
function allowedValues(
  issue: z.core.$ZodIssueInvalidValue | z.core.$ZodIssueInvalidUnion,
  owner: AnySchema | undefined,
  schema: AnySchema | undefined,
): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (schema?._zod.def.type === 'union') {
    return schema._zod.def.options.flatMap((option) => {
      const { def } = unwrap(option)._zod;
      return def.type === 'literal' ? def.values.map(String) : ['a list'];
    });
  }
  if (owner?._zod.def.type !== 'union') return [];
  return owner._zod.def.options.flatMap((option) => {
    const { def } = unwrap(option)._zod;
    const literal = def.type === 'object' ? def.shape[String(issue.path.at(-1))] : undefined;
    const inner = literal && unwrap(literal)._zod.def;
    return inner?.type === 'literal' ? inner.values.map(String) : [];
  });
}
