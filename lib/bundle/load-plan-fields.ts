import { COSIGN_SUFFIXES, cosignTag } from '../digests/artifacts.ts';
import { parseReference } from '../image/reference.ts';
import type { OwnImage } from './load-plan.ts';
import type { LoadPlanLines } from './load-plan-lines.ts';

/** The words of a line after the first, by their number. */
interface Fields {
  readonly 2: [string, string];
  readonly 3: [string, string, string];
  readonly 4: [string, string, string, string];
  readonly 5: [string, string, string, string, string];
}

/** Reads the fields of the lines of load.plan; throws InputError for a text that is not the field that is expected. */
export class LoadPlanFields {
  readonly #lines: LoadPlanLines;

  constructor(lines: LoadPlanLines) {
    this.#lines = lines;
  }

  /** The words of a line after the first, if there are so many. */
  words<N extends keyof Fields>(fields: readonly string[], count: N): Fields[N] {
    if (fields.length !== count || fields.includes('')) {
      throw this.#lines.wrong(`expected ${count} fields after the first, with one blank between two`);
    }
    return fields as never;
  }

  /** The digits of a digest. */
  hex(digest: string): string {
    return parseHex(digest) ?? this.expected('a digest: sha256: and 64 hexadecimal digits');
  }

  size(text: string, limit: number): number {
    return parseNumber(text, limit) ?? this.expected(`a size of at most ${limit} bytes`);
  }

  /** @param parts how many there are */
  part(text: string, parts: number): number {
    // Zero is no part, and not undefined.
    return parseNumber(text, parts) || this.expected(`the number of a part, from 1 to ${parts}`);
  }

  target(text: string): OwnImage['target'] {
    return parseTarget(text) ?? this.expected('a target as registry/repository:tag');
  }

  containers(text: string): string[] {
    return (
      parseContainers(text) ??
      this.expected('containers as component/container, with a comma between two, or "-"')
    );
  }

  /** The image of an older bundle that has a layer. */
  holder(text: string): string {
    return isHolder(text)
      ? text
      : this.expected('the image of an older bundle as registry/repository@digest');
  }

  /** The tag at which cosign 2 keeps something for a subject; undefined for `-`. */
  cosignTag(text: string, subject: string): string | undefined {
    if (text === '-') return undefined;
    if (COSIGN_SUFFIXES.some((suffix) => text === cosignTag(subject, suffix))) return text;
    return this.expected('"-", or the tag of the subject that ends in .sig, .att or .sbom');
  }

  expected(what: string): never {
    throw this.#lines.wrong(`expected ${what}`);
  }
}

/** The digits of `sha256:` and 64 hexadecimal digits. */
function parseHex(text: string): string | undefined {
  return /^sha256:([0-9a-f]{64})$/.exec(text)?.[1];
}

/** A decimal number without a sign or leading zeros. */
function parseNumber(text: string, limit: number): number | undefined {
  return /^(0|[1-9]\d{0,14})$/.test(text) && Number(text) <= limit ? Number(text) : undefined;
}

/** `registry/repository:tag`. */
function parseTarget(text: string): OwnImage['target'] | undefined {
  const reference = parseReference(text);
  if (typeof reference === 'string' || !reference.tag || reference.digest) return undefined;
  return { ...reference, tag: reference.tag };
}

/** Names as `component/container` with a comma between two, or `-` for none. */
function parseContainers(text: string): string[] | undefined {
  if (text === '-') return [];
  const names = text.split(',');
  return names.every((name) => /^[\w.-]+\/[\w.-]+$/.test(name)) ? names : undefined;
}

/** Whether the text is `registry/repository@digest`. */
function isHolder(text: string): boolean {
  const reference = parseReference(text);
  return typeof reference !== 'string' && reference.digest !== undefined && reference.tag === undefined;
}
