/** `1 image`, `2 images`: a number and its noun, which takes a plain s. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** `a, b, c and 7 more`: the first few of a list. */
export function few(items: readonly string[], most = 5): string {
  const listed = items.slice(0, most).join(', ');
  return items.length > most ? `${listed} and ${items.length - most} more` : listed;
}
/** A text as one word of a POSIX shell, in quotes only if it needs them. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
