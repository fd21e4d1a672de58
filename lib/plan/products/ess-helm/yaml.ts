import { yamlScalar } from '../../../common/yaml-scalar.ts';
import { startOf } from '../../../input/problem.ts';
import { Source } from '../../../input/source.ts';
import type { YamlMapping, YamlNode, YamlScalar, YamlSequence } from '../../../input/yaml.ts';

// Values to write are nodes as the reader makes them, so that what is repeated of a user's file stays what it was.

/** A text, which is always written between quotation marks. */
export function text(value: string): YamlScalar {
  const place = startOf('');
  return {
    kind: 'scalar',
    text: value,
    plain: false,
    empty: false,
    place,
    inner: () => new Source('', value),
  };
}

export function mapping(entries: readonly (readonly [string, YamlNode])[]): YamlMapping {
  const place = startOf('');
  return { kind: 'mapping', entries: entries.map(([key, value]) => ({ key, place, value })), place };
}

export function sequence(items: readonly YamlNode[]): YamlSequence {
  return { kind: 'sequence', items, place: startOf('') };
}

/** A mapping with a value set at a path; mappings on the way are made. */
export function setAt(
  root: YamlMapping,
  [key = '', ...rest]: readonly string[],
  value: YamlNode,
): YamlMapping {
  const found = root.entries.find((entry) => entry.key === key);
  const below = found?.value.kind === 'mapping' ? found.value : mapping([]);
  const entry = { key, place: root.place, value: rest.length > 0 ? setAt(below, rest, value) : value };
  return {
    ...root,
    entries: found ? root.entries.map((own) => (own === found ? entry : own)) : [...root.entries, entry],
  };
}

/** A mapping as lines of YAML in block style. */
export function renderMapping(node: YamlMapping, indent = ''): string[] {
  return node.entries.flatMap(({ key, value }) => renderBelow(`${indent}${yamlScalar(key)}:`, value, indent));
}

function renderBelow(head: string, value: YamlNode, indent: string): string[] {
  if (value.kind === 'scalar') return [`${head}${value.empty ? ' null' : ` ${renderScalar(value)}`}`];
  if (value.kind === 'mapping')
    return value.entries.length > 0 ? [head, ...renderMapping(value, `${indent}  `)] : [`${head} {}`];
  return value.items.length > 0 ? [head, ...renderItems(value, `${indent}  `)] : [`${head} []`];
}

function renderItems({ items }: YamlSequence, indent: string): string[] {
  return items.flatMap((item) => {
    if (item.kind !== 'mapping' || item.entries.length === 0) return renderBelow(`${indent}-`, item, indent);
    const [first = '', ...more] = renderMapping(item, `${indent}  `);
    return [`${indent}- ${first.slice(indent.length + 2)}`, ...more];
  });
}

/** A plain scalar of the user is repeated as it is, because only its reader knows whether it is a number. */
function renderScalar({ text, plain }: YamlScalar): string {
  return plain && !text.includes('\n') ? text : JSON.stringify(text);
}
