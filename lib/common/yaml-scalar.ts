/**
 * Words that a YAML 1.1 or 1.2 parser may read as a boolean, null or a number. `e0` is a number to parsers that
 * follow the pattern of YAML 1.1 exactly.
 */
const WORDS = /^(?:y|n|yes|no|on|off|true|false|null|inf|nan|e[0-9_.+-]*)$/i;

/**
 * Formats a scalar that every YAML parser reads as this text. It is plain only if no parser can read it as anything
 * else: a text that begins with a letter and is not one of the words is not a number, date or sexagesimal in any
 * version of YAML.
 */
export function yamlScalar(text: string): string {
  const plain = /^[A-Za-z][A-Za-z0-9_./:-]*$/.test(text) && !text.endsWith(':') && !WORDS.test(text);
  return plain ? text : JSON.stringify(text);
}

/**
 * A text between quotation marks. Whatever is not printable ASCII is escaped, so that a text which somebody else wrote
 * cannot change what a reviewer sees.
 */
export function yamlQuoted(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}
