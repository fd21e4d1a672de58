import { COSIGN_SUFFIXES, cosignTag } from '../digests/artifacts.ts';
import { parseReference } from '../image/reference.ts';
import type { OwnImage } from './load-plan.ts';

// The fields of the lines of load.plan. Each function returns undefined for a text that is not such a field.

/** The words of a line after the first, by their number. */
export interface Fields {
  readonly 2: [string, string];
  readonly 3: [string, string, string];
  readonly 4: [string, string, string, string];
  readonly 5: [string, string, string, string, string];
}

/** The digits of `sha256:` and 64 hexadecimal digits. */
export function parseHex(text: string): string | undefined {
  return /^sha256:([0-9a-f]{64})$/.exec(text)?.[1];
}

/** A decimal number without a sign or leading zeros. */
export function parseNumber(text: string, limit: number): number | undefined {
  return /^(0|[1-9]\d{0,14})$/.test(text) && Number(text) <= limit ? Number(text) : undefined;
}

/** `registry/repository:tag`. */
export function parseTarget(text: string): OwnImage['target'] | undefined {
  const reference = parseReference(text);
  if (typeof reference === 'string' || !reference.tag || reference.digest) return undefined;
  return { ...reference, tag: reference.tag };
}

/** Names as `component/container` with a comma between two, or `-` for none. */
export function parseContainers(text: string): string[] | undefined {
  if (text === '-') return [];
  const names = text.split(',');
  return names.every((name) => /^[\w.-]+\/[\w.-]+$/.test(name)) ? names : undefined;
}

/** Whether the text is `registry/repository@digest`. */
export function isHolder(text: string): boolean {
  const reference = parseReference(text);
  return typeof reference !== 'string' && reference.digest !== undefined && reference.tag === undefined;
}

/** Whether the text is the tag at which cosign 2 keeps something for a subject. */
export function isCosignTag(text: string, subject: string): boolean {
  return COSIGN_SUFFIXES.some((suffix) => text === cosignTag(subject, suffix));
}
