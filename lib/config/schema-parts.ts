import * as z from 'zod/mini';
import { DNS_LABEL, DNS_SUBDOMAIN } from '../common/kubernetes-names.ts';
import { invalidRegistryReason, parseReference } from '../image/reference.ts';
import { invalidGlobReason } from '../input/glob.ts';

// Building blocks of the schema.

/** A string that `why` accepts. For other strings `why` returns the end of an error message. */
export function text(why?: (text: string) => string | undefined) {
  return z.string().check(
    z.check((context) => {
      const reason = why?.(context.value);
      if (reason) context.issues.push({ code: 'custom', message: reason, input: context.value });
    }),
  );
}

/** A mapping that `why` accepts as a whole. For other mappings `why` returns the end of an error message. */
export function withCheck<S extends z.ZodMiniType>(
  why: (value: z.output<S>) => string | undefined,
  schema: S,
): S {
  return schema.check(
    z.check((context) => {
      const reason = why(context.value as z.output<S>);
      if (reason) context.issues.push({ code: 'custom', message: reason, input: context.value });
    }),
  );
}

/** Adds the description of a key, which editors and docs/reference/config.md show. */
export function key<S extends z.ZodMiniType>(description: string, schema: S): S {
  z.globalRegistry.add(schema, { description });
  return schema;
}

// Checks for {@link text}. Each returns the end of an error message, or undefined if the value is valid.

export const notEmpty = (value: string): string | undefined => (value === '' ? 'it is empty' : undefined);

export const namespaceName = (value: string): string | undefined =>
  DNS_LABEL.test(value) ? undefined : 'expected a name of at most 63 characters from a-z, 0-9 and -';
export const objectName = (value: string): string | undefined =>
  DNS_SUBDOMAIN.test(value) ? undefined : 'expected a name of at most 253 characters from a-z, 0-9, . and -';
export const variableName = (value: string): string | undefined =>
  /^[A-Z_][A-Z0-9_]*$/.test(value)
    ? undefined
    : 'expected the name of an environment variable, such as REGISTRY_PASSWORD; never the secret itself';

/** Validates a server that images are pulled from or pushed to, by the name that image references use. */
export const imageServer = (value: string): string | undefined =>
  /^index\.docker\.io$/i.test(value)
    ? 'it is an older name of Docker Hub; expected docker.io, the name in image references'
    : invalidRegistryReason(value);

/** Validates a glob over image names in the form that this tool prints. */
export const imageGlob = (value: string): string | undefined => {
  const short = /^(?:index\.)?docker\.io\/([^/*?[{]+)$/.exec(value)?.[1];
  if (short) return `no image has this name; expected its full name, docker.io/library/${short}`;
  return invalidGlobReason(value);
};

export const imageReference = (value: string): string | undefined => {
  const reference = parseReference(value);
  if (typeof reference === 'string') return reference;
  return reference.tag || reference.digest ? undefined : 'it has no tag and no digest';
};

/** A whole number within a range. */
export function count(least: number, most: number) {
  return z.number().check(
    z.check((context) => {
      const { value } = context;
      if (Number.isInteger(value) && value >= least && value <= most) return;
      const message = `expected a whole number from ${least} to ${most}`;
      context.issues.push({ code: 'custom', message, input: value });
    }),
  );
}
