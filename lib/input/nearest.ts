import { MAX_LISTED } from './problem.ts';

/** Returns the entry of `known` that `word` is probably a misspelling of, if one is similar enough. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/**
 * Returns a function that suggests known words. It answers as many calls as problems are printed, because each call
 * compares a word with all known words.
 */
export function forListed<A extends unknown[], R>(suggest: (...args: A) => R): (...args: A) => R | undefined {
  let left = MAX_LISTED;
  return (...args) => (left-- > 0 ? suggest(...args) : undefined);
}

/** Returns the Levenshtein distance, computed one row at a time; `limit` if the distance is at least that. */
function editDistance(a: string, b: string, limit: number): number {
  if (a.length > 64 || b.length > 64 || Math.abs(a.length - b.length) >= limit) return limit;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(substituted, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    if (Math.min(...next) >= limit) return limit;
    row = next;
  }
  return row[b.length] ?? limit;
}
