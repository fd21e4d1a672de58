/**
 * A value as JSON for a file, a pipe or a terminal: characters that steer a terminal or are not seen, which JSON allows,
 * are escaped.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  if (/^[\n -~]*$/.test(text)) return `${text}\n`;
  return `${text.replace(/[\p{Cf}\p{Co}\p{Zl}\p{Zp}\u007f-\u009f]/gu, escapeCharacter)}\n`;
}

/** By its UTF-16 units, as JSON has them. */
function escapeCharacter(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
