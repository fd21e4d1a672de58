import { invalidDigestReason } from '../image/reference.ts';
import { nearest } from '../input/nearest.ts';
import type { Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import { predicateOf, type YamlMapping } from '../input/yaml.ts';

/** A key whose value is one word. */
export interface WordKey {
  /** The end of a sentence: `a media type`. */
  readonly expected: string;
  readonly fits: (text: string) => boolean;
}

export const DIGEST_WORD: WordKey = {
  expected: 'sha256: and 64 hexadecimal digits',
  fits: (text) => !invalidDigestReason(text),
};

/**
 * Reads a mapping from keys to words.
 *
 * @param what the mapping with its article, for messages: `an artifact`
 * @param keys all keys that it may have, in the order of messages; those without a description are read by the caller
 * @returns what could be read; whatever is wrong is added to `problems`
 */
export function readWords<K extends string>(
  what: string,
  node: YamlMapping,
  keys: Readonly<Record<K, WordKey | undefined>>,
  problems: Problem[],
): Partial<Record<K, string>> {
  const names = Object.keys(keys) as K[];
  const words: Partial<Record<K, string>> = {};
  for (const { key, place, value } of node.entries) {
    const known = names.find((name) => name === key);
    if (!known) {
      const meant = nearest(key, names);
      problems.push({
        place,
        message: `${what} has the unknown key ${quote(key)}; expected ${names.join(', ')}`,
        ...(meant && { hint: `Did you mean ${meant}?` }),
      });
      continue;
    }
    const word = keys[known];
    if (!word) continue;
    if (value.kind !== 'scalar' || !word.fits(value.text)) {
      problems.push({
        place: value.place,
        message: `the ${key} of ${what} ${predicateOf(value)}; expected ${word.expected}`,
      });
    } else words[known] = value.text;
  }
  return words;
}
