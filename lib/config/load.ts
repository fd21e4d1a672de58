import * as z from 'zod/mini';
import { readTextFile } from '../input/file.ts';
import { nearest } from '../input/nearest.ts';
import { InputError, type Place, type Problem } from '../input/problem.ts';
import { Source } from '../input/source.ts';
import { describeNode, parseYaml, predicateOf, type YamlNode } from '../input/yaml.ts';
import { type AnySchema, childSchema, chooseVariant, convertNode, unwrap } from './convert.ts';
import { type Config, type ConfigInput, configSchema } from './schema.ts';

type Path = readonly PropertyKey[];

/** The place of a value of the configuration by its path, `'rules', 0, 'match'`; the nearest that there is. */
export type ConfigPlace = (...path: Path) => Place;

/** A configuration and where its parts stand, for messages about it. */
export interface ConfigDocument {
  readonly config: Config;
  readonly place: ConfigPlace;
}

/** Reads airgap.yaml from disk: see {@link parseConfig}. */
export function readConfig(path: string): ConfigDocument {
  return parseConfig(readTextFile(path, 'the configuration of ess-airgap (airgap.yaml)'), path);
}

/**
 * Reads airgap.yaml strictly: an unknown key is an error that names the nearest known one.
 *
 * @param file the name for error messages
 * @throws InputError with every problem of the file, each with its place
 */
export function parseConfig(text: string, file: string): ConfigDocument {
  const problems: Problem[] = [];
  const root = parseYaml(new Source(file, text.replace(/^\uFEFF/, '')), problems);
  const parsed = z.safeParse(configSchema, convertNode(root, configSchema));
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => describeIssue(issue, root)));
  if (!parsed.success || problems.length > 0) throw new InputError(problems);
  const place = (...path: Path): Place => locate(root, path).place;
  refuseContradictions(parsed.data, place);
  return { config: parsed.data, place };
}

/**
 * The configuration of an app that writes it in TypeScript instead of YAML, checked the same way.
 *
 * @throws InputError with every problem
 */
export function defineConfig(input: ConfigInput): Config {
  const parsed = z.safeParse(configSchema, input);
  if (!parsed.success) {
    throw new InputError(
      parsed.error.issues.map((issue) => ({
        message: `${issue.path.join('.') || 'the configuration'}: ${issue.message}`,
      })),
    );
  }
  refuseContradictions(parsed.data);
  return parsed.data;
}

/** What each key allows and the whole does not. */
function refuseContradictions(config: Config, place?: ConfigPlace): void {
  if (!config.registry.pullThrough || !config.mirror) return;
  throw new InputError([
    {
      place: place?.('mirror'),
      message:
        'a pull-through cache refuses pushes, so there can be no mirror; found registry.pullThrough: true',
      hint: 'Remove mirror, or pullThrough if this registry is to be filled by the Job.',
    },
  ]);
}

function describeIssue(issue: z.core.$ZodIssue, root: YamlNode): Problem[] {
  const { node, place, schema, owner, missing } = locate(root, issue.path);
  const name = issue.path.join('.') || 'the file';
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = knownKeys(schema, node);
      const entries =
        node.kind === 'mapping' ? node.entries.filter(({ key }) => issue.keys.includes(key)) : [];
      return entries.map((entry) => {
        const meant = nearest(entry.key, known);
        return {
          place: entry.place,
          message: `unknown key "${entry.key}"; expected ${known.join(', ')}`,
          hint: meant && `Did you mean ${meant}?`,
        };
      });
    }
    case 'invalid_type':
      if (missing) return [{ place, message: `${name} is missing; expected ${inWords(issue.expected)}` }];
      return [{ place, message: `${name} ${predicate(name, node)}; expected ${inWords(issue.expected)}` }];
    case 'invalid_value':
    case 'invalid_union': {
      // The variant that the value as a whole would have been right for, if there is one: what is wrong is inside.
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
    case 'custom':
      if (SECRETIVE.test(name)) return [{ place, message: `${name} is not legal: ${issue.message}` }];
      return [{ place, message: `${name} ${describeNode(node)} is not legal: ${issue.message}` }];
    default:
      return [{ place, message: `${name}: ${issue.message}` }];
  }
}

function isInside(issues: readonly z.core.$ZodIssue[]): boolean {
  return issues.every(({ path, code }) => path.length > 0 || code === 'custom');
}

/** Keys whose value may be, or hold, a secret that stands there by mistake: it is not repeated. */
const SECRETIVE = /(Env|encryptedData|username|password|proxy\.url)$/;

function predicate(name: string, node: YamlNode): string {
  return SECRETIVE.test(name) && node.kind === 'scalar' && !node.empty ? 'is a text' : predicateOf(node);
}

function inWords(expected: string): string {
  const words: Record<string, string> = {
    string: 'a text',
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
 * What would have been right: the literals of an enum, or of the key that chooses among the variants of a union, or a
 * literal and a list.
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

interface Located {
  readonly node: YamlNode;
  readonly place: Place;
  readonly schema: AnySchema | undefined;
  /** The schema of the mapping or list that holds the node. */
  readonly owner: AnySchema | undefined;
  /** The path leads to a key that is not there; `node` and `place` are those of the nearest that is. */
  readonly missing: boolean;
}

function locate(root: YamlNode, path: Path): Located {
  let found: Located = {
    node: root,
    place: root.place,
    schema: unwrap(configSchema),
    owner: undefined,
    missing: false,
  };
  for (const step of path) {
    const { node, place, schema } = found;
    if (node.kind === 'scalar') break;
    const child = node.kind === 'mapping' ? childSchema(schema, String(step), node) : elementSchema(schema);
    const entry = node.kind === 'mapping' ? node.entries.find(({ key }) => key === String(step)) : undefined;
    const value = node.kind === 'mapping' ? entry?.value : node.items[Number(step)];
    if (!value) return { node, place, schema, owner: schema, missing: true };
    // A mapping, a list or nothing at all is found by its key; a scalar stands for itself.
    const itself = value.kind === 'scalar' && !value.empty;
    found = {
      node: value,
      place: itself ? value.place : (entry ?? value).place,
      schema: child && unwrap(child),
      owner: schema,
      missing: false,
    };
  }
  return found;
}

function elementSchema(schema: AnySchema | undefined): z.core.$ZodType | undefined {
  return schema?._zod.def.type === 'array' ? schema._zod.def.element : undefined;
}
