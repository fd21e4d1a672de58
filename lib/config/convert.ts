import type * as z from 'zod/mini';
import type { YamlMapping, YamlNode, YamlScalar } from '../input/yaml.ts';

/**
 * Converts a node of airgap.yaml to the plain value that the schema validates. The schema decides the type of an
 * unquoted scalar: `1.10` stays a string if a string is expected, and `true` becomes a boolean only if one is
 * expected. A value that does not fit stays unchanged, so that the schema rejects it.
 */
export function convertNode(node: YamlNode, schema: z.core.$ZodType | undefined): unknown {
  const expected = schema && unwrap(schema);
  if (node.kind === 'scalar') return convertScalar(node, expected);
  if (node.kind === 'sequence') {
    const element = expected?._zod.def.type === 'array' ? expected._zod.def.element : undefined;
    return node.items.map((item) => convertNode(item, element));
  }
  // Entries, not assignments: a key "__proto__" becomes an own property, which the schema rejects.
  return Object.fromEntries(
    node.entries.map(({ key, value }) => [key, convertNode(value, childSchema(expected, key, node))]),
  );
}

function convertScalar(node: YamlScalar, expected: AnySchema | undefined): unknown {
  if (node.empty) return null;
  const type = expected?._zod.def.type;
  if (node.plain && type === 'boolean' && /^(true|false)$/.test(node.text)) return node.text === 'true';
  if (node.plain && type === 'number' && /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(node.text))
    return Number(node.text);
  return node.text;
}

/** The schema types of airgap.yaml, discriminated by `def.type`. */
export type AnySchema = z.core.$ZodTypes;

/** The schema inside `optional` and `_default`. */
export function unwrap(schema: z.core.$ZodType): AnySchema {
  const known = schema as AnySchema;
  const { def } = known._zod;
  return def.type === 'optional' || def.type === 'default' ? unwrap(def.innerType) : known;
}

/**
 * Returns the schema of the value of `key`; in a discriminated union, that of the variant that the mapping selects.
 */
export function childSchema(
  schema: AnySchema | undefined,
  key: string,
  mapping: YamlMapping | undefined,
): z.core.$ZodType | undefined {
  const def = schema?._zod.def;
  if (def?.type === 'record') return def.valueType;
  if (def?.type === 'object') return Object.hasOwn(def.shape, key) ? def.shape[key] : undefined;
  if (def?.type === 'union') {
    const variant = chooseVariant(def.options, mapping) ?? def.options[0];
    return variant && childSchema(unwrap(variant), key, mapping);
  }
  return undefined;
}

/** Returns the variant of a union whose literal the mapping has. */
export function chooseVariant(
  options: readonly z.core.$ZodType[],
  mapping: YamlMapping | undefined,
): AnySchema | undefined {
  return options.map(unwrap).find((option) => {
    const { def } = option._zod;
    if (def.type !== 'object') return false;
    return mapping?.entries.some(({ key, value }) => {
      const literal = Object.hasOwn(def.shape, key)
        ? unwrap(def.shape[key] as z.core.$ZodType)._zod.def
        : undefined;
      return literal?.type === 'literal' && value.kind === 'scalar' && literal.values.includes(value.text);
    });
  });
}
