import { startOf } from '../input/problem.ts';
import { Source } from '../input/source.ts';
import type { YamlNode, YamlScalar } from '../input/yaml.ts';

/** Deeper than any configuration; a value that contains itself would exceed it. */
const MAX_DEPTH = 32;
const NOWHERE = startOf('');

/**
 * Converts a TypeScript value to the node that it would be in YAML, so that messages about it are the same. Its
 * places have no meaning.
 */
export function nodeOf(value: unknown, depth = 0): YamlNode {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return scalarOf(value);
  if (Array.isArray(value)) {
    return { kind: 'sequence', items: value.map((item) => nodeOf(item, depth + 1)), place: NOWHERE };
  }
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([key, inner]) => ({ key, value: nodeOf(inner, depth + 1), place: NOWHERE }));
  return { kind: 'mapping', entries, place: NOWHERE };
}

function scalarOf(value: unknown): YamlScalar {
  const text = typeof value === 'object' ? '' : String(value);
  return {
    kind: 'scalar',
    text,
    plain: typeof value !== 'string',
    empty: value === null || value === undefined,
    place: NOWHERE,
    inner: () => new Source('', text),
  };
}
