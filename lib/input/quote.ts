// What a message may repeat of a value that somebody else wrote.

/** The most that a message repeats of one value, in characters. */
const MAX_QUOTED = 120;

/** The most that one message or hint may have, in characters, whatever it is made of. */
const MAX_MESSAGE = 1500;

/** An image reference with a digest is the only text with an @ that is known to hold no password. */
const DIGEST_ALONE = /^[^@]*@sha(256|512):[0-9a-fA-F]*$/;

/** Whether a text may hold a password, as `user:password@host` does. */
export function mayHoldPassword(text: string): boolean {
  return text.includes('@') && !DIGEST_ALONE.test(text);
}

/**
 * A value between quotation marks for a message: cut to some 120 characters, and `"***"` if it has an `@` that does
 * not belong to a digest, because what stands before it may be a password.
 */
export function quote(text: string): string {
  return mayHoldPassword(text) ? '"***"' : JSON.stringify(cut(text, MAX_QUOTED));
}

/** A whole message, cut if a hostile file made it longer than anybody reads. */
export function shorten(message: string): string {
  return cut(message, MAX_MESSAGE);
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // Not between the two halves of a character.
  return `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * A text that cannot steer a terminal or hide from a reader: control characters, those that change the direction of
 * writing and those that are not seen at all are shown by their code.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}
