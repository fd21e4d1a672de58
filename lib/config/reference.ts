import { renderSchema } from './json-schema.ts';

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

/** Returns docs/reference/config.md: every key of airgap.yaml, generated from the schema. */
export function renderReference(): string {
  const rows = keys(JSON.parse(renderSchema()), '');
  return `# airgap.yaml

Every key, generated from the schema by \`npm run schema\`. \`[]\` stands for an entry of a list, \`*\` for a name of your
own. Keys in **bold** must be there when what holds them is there.

| key | values | meaning |
|---|---|---|
${rows.join('\n')}
`;
}

function keys(schema: Schema, path: string): string[] {
  const variants = schema.oneOf ?? [schema];
  const seen = new Set<string>();
  return variants.flatMap((variant) =>
    Object.entries(variant.properties ?? {}).flatMap(([key, value]) => {
      const name = `${path}${key}`;
      const line = row(name, value, variant.required?.includes(key) ?? false);
      // Variants of a union share keys; each is listed once.
      const lines = [line, ...nested(value, name)].filter((text) => !seen.has(text));
      for (const text of lines) seen.add(text);
      return lines;
    }),
  );
}

function nested(schema: Schema, name: string): string[] {
  if (schema.items) return keys(schema.items, `${name}[].`);
  if (typeof schema.additionalProperties === 'object') return keys(schema.additionalProperties, `${name}.*.`);
  return keys(schema, `${name}.`);
}

function row(name: string, schema: Schema, required: boolean): string {
  const values = (schema.anyOf ?? [schema]).flatMap((one) =>
    one.const ? [one.const] : (one.enum ?? [kind(one)]),
  );
  const key = required ? `**\`${name}\`**` : `\`${name}\``;
  return `| ${key} | ${values.map((value) => (value.includes(' ') ? value : `\`${value}\``)).join(', ')} | ${schema.description ?? ''} |`;
}

function kind(schema: Schema): string {
  if (schema.type === 'array') return 'a list';
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'string') return 'a string';
  if (schema.type === 'integer' || schema.type === 'number') return 'a number';
  return 'a mapping';
}
