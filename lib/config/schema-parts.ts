import * as z from 'zod/mini';
import { DNS_LABEL, DNS_SUBDOMAIN } from '../common/kubernetes-names.ts';
import { invalidRegistryReason, parseReference } from '../image/reference.ts';
import { invalidGlobReason } from '../input/glob.ts';

// What the parts of the schema are made of.

/** A text that `why` finds nothing wrong with; `why` answers with the end of an error message. */
export function text(why?: (text: string) => string | undefined) {
  return z.string().check(
    z.check((context) => {
      const reason = why?.(context.value);
      if (reason) context.issues.push({ code: 'custom', message: reason, input: context.value });
    }),
  );
}

/** A mapping that `why` finds nothing wrong with as a whole; `why` answers with the end of an error message. */
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

/** Says what a key means: for the editor, and for the reference in the documentation. */
export function key<S extends z.ZodMiniType>(description: string, schema: S): S {
  z.globalRegistry.add(schema, { description });
  return schema;
}

// Checks for {@link text}: each says what is wrong with a value, as the end of an error message, or undefined.

export const notEmpty = (value: string): string | undefined => (value === '' ? 'it is empty' : undefined);

export const namespaceName = (value: string): string | undefined =>
  DNS_LABEL.test(value) ? undefined : 'expected a name of a-z, 0-9 and dashes, 63 characters at most';
export const objectName = (value: string): string | undefined =>
  DNS_SUBDOMAIN.test(value)
    ? undefined
    : 'expected a name of a-z, 0-9, dots and dashes, 253 characters at most';
export const variableName = (value: string): string | undefined =>
  /^[A-Z_][A-Z0-9_]*$/.test(value)
    ? undefined
    : 'expected the name of an environment variable, such as REGISTRY_PASSWORD; never the secret itself';

/** A server that images come from or go to, by the name that images have. */
export const imageServer = (value: string): string | undefined =>
  /^index\.docker\.io$/i.test(value)
    ? 'it is an older name of docker.io; expected docker.io, which images are named by'
    : invalidRegistryReason(value);

/** A glob over the names of images, as the tool writes these. */
export const imageGlob = (value: string): string | undefined => {
  const short = /^(?:index\.)?docker\.io\/([^/*?[{]+)$/.exec(value)?.[1];
  if (short) return `no image is called that; expected docker.io/library/${short}, its full name`;
  return invalidGlobReason(value);
};

export const imageReference = (value: string): string | undefined => {
  const reference = parseReference(value);
  if (typeof reference === 'string') return reference;
  return reference.tag || reference.digest ? undefined : 'it has neither a tag nor a digest';
};

/** A whole number within limits. */
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
