import type * as z from 'zod/mini';
import type { Place } from '../input/problem.ts';
import type { YamlEntry, YamlMapping, YamlNode } from '../input/yaml.ts';
import { type AnySchema, childSchema, unwrap } from './convert.ts';
import { configSchema } from './schema.ts';

/** The keys and indices that lead to a value, such as `['rules', 0, 'match']`. */
export type Path = readonly PropertyKey[];

interface Located {
  readonly node: YamlNode;
  readonly place: Place;
  readonly schema: AnySchema | undefined;
  /** The schema of the mapping or list that contains the node. */
  readonly owner: AnySchema | undefined;
  /** Whether the path leads to a missing key; `node` and `place` are then those of its nearest parent. */
  readonly missing: boolean;
}

/** Follows a path as far as it leads. */
export function locate(root: YamlNode, path: Path): Located {
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
    const entry = node.kind === 'mapping' ? entryOf(node, String(step)) : undefined;
    const value = node.kind === 'mapping' ? entry?.value : node.items[Number(step)];
    if (!value) return { node, place, schema, owner: schema, missing: true };
    // The place of a mapping, a list or an empty value is that of its key; a scalar has its own.
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

const byKey = new WeakMap<YamlMapping, ReadonlyMap<string, YamlEntry>>();

/** Returns an entry by its key. Cached, because mappings may have thousands of entries that are all looked up. */
function entryOf(mapping: YamlMapping, key: string): YamlEntry | undefined {
  const entries = byKey.get(mapping) ?? new Map(mapping.entries.map((entry) => [entry.key, entry]));
  byKey.set(mapping, entries);
  return entries.get(key);
}
