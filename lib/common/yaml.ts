import { yamlScalar } from './yaml-scalar.ts';

/** A value that can be written as YAML here: strings, numbers, booleans, lists and mappings with plain keys. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | YamlMap;
export type YamlMap = { readonly [key: string]: YamlValue | undefined };

/** Formats a mapping as block YAML whose strings every parser reads as strings. A key without a value is left out. */
export function renderYaml(value: YamlValue): string {
  return `${linesOf(value).join('\n')}\n`;
}

function linesOf(value: YamlValue): string[] {
  if (typeof value === 'string') return [yamlScalar(value)];
  if (typeof value !== 'object') return [String(value)];
  if (isList(value)) {
    if (value.length === 0) return ['[]'];
    return value.flatMap((item) => linesOf(item).map((line, index) => `${index === 0 ? '- ' : '  '}${line}`));
  }
  const entries = Object.entries(value).filter(
    (entry): entry is [string, YamlValue] => entry[1] !== undefined,
  );
  if (entries.length === 0) return ['{}'];
  return entries.flatMap(([key, inner]) => {
    const lines = linesOf(inner);
    const isBlock = typeof inner === 'object' && !/^(\[\]|\{\})$/.test(lines[0] ?? '');
    return isBlock ? [`${key}:`, ...lines.map((line) => `  ${line}`)] : [`${key}: ${lines[0]}`];
  });
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value);
}
