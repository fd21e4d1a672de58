import { yamlQuoted } from '../common/yaml-scalar.ts';
import type { Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import { predicateOf, type YamlEntry } from '../input/yaml.ts';

/** The most annotations of one artifact, and their most characters, keys and values together. */
const MAX_ANNOTATIONS = 100;
const MAX_CHARACTERS = 64 * 1024;
/** YAML allows 1,024 characters for a key, as it is written. */
const MAX_KEY = 1000;

/**
 * The annotations of an artifact as the lock has them: by key, in code unit order.
 *
 * @returns undefined if there are none
 */
export function orderedAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(annotations ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/** Why annotations are too many or cannot be written, as the end of a sentence; undefined if they can be. */
export function invalidAnnotationsReason(annotations: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(annotations);
  if (entries.length > MAX_ANNOTATIONS)
    return `has ${entries.length} annotations; expected ${MAX_ANNOTATIONS} at most`;
  const characters = entries.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (characters > MAX_CHARACTERS)
    return `has annotations of ${characters} characters; expected ${MAX_CHARACTERS} at most`;
  if (entries.some(([key]) => key === '')) return 'has an annotation without a key';
  if (entries.some(([key]) => yamlQuoted(key).length > MAX_KEY))
    return `has an annotation whose key is longer than ${MAX_KEY} characters`;
  // Half of a surrogate pair has no form in UTF-8.
  if (entries.some((entry) => /\p{Surrogate}/u.test(entry.join(''))))
    return 'has an annotation that is not Unicode text';
  return undefined;
}

/** Reads the annotations of one artifact; what is wrong is added to `problems`. */
export function readArtifactAnnotations(
  entry: YamlEntry | undefined,
  problems: Problem[],
): Readonly<Record<string, string>> | undefined {
  if (entry === undefined) return undefined;
  const { value } = entry;
  const expected = 'expected a mapping from words to words';
  if (value.kind !== 'mapping') {
    problems.push({
      place: value.place,
      message: `annotations of an artifact: the value ${predicateOf(value)}; ${expected}`,
    });
    return undefined;
  }
  const texts = value.entries.flatMap(({ key, value: word }): [string, string][] => {
    if (word.kind === 'scalar' && !word.empty) return [[key, word.text]];
    problems.push({
      place: word.place,
      message: `the annotation ${quote(key)} of an artifact ${predicateOf(word)}; expected a text`,
    });
    return [];
  });
  const annotations = Object.fromEntries(texts);
  const wrong = invalidAnnotationsReason(annotations);
  if (wrong) problems.push({ place: entry.place, message: `an artifact ${wrong}` });
  return orderedAnnotations(annotations);
}
