import { yamlScalar } from './yaml-scalar.ts';

/** What can be written as YAML here: texts, numbers, booleans, lists and mappings; keys are words. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | YamlMap;
export type YamlMap = { readonly [key: string]: YamlValue | undefined };

/** A mapping as block YAML whose texts every reader reads as texts; a key without a value is left out. */
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
