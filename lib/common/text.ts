/** Formats a number with its noun, such as `1 image` or `2 images`. The plural must be regular. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Formats the first items of a list, such as `a, b, c and 7 more`. */
export function few(items: readonly string[], most = 5): string {
  const listed = items.slice(0, most).join(', ');
  return items.length > most ? `${listed} and ${items.length - most} more` : listed;
}
/** Quotes a text as one word of a POSIX shell, if it needs quotes. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
