// Rules for repeating untrusted values in messages.

/** Maximum number of characters of one value in a message. */
const MAX_QUOTED = 120;

/** Maximum number of characters of one path in a message; longer than real paths. */
const MAX_PATH = 250;

/** Maximum number of characters of one message or hint. */
const MAX_MESSAGE = 1500;

/** Maximum length of a line, which has a place, a message and a code. */
const MAX_LINE = MAX_PATH + MAX_MESSAGE + 250;

/** An image reference with a digest is the only text with an @ that certainly has no password. */
const DIGEST_ALONE = /^[^@]*@sha(256|512):[0-9a-fA-F]*$/;

/** Returns whether a text may contain a password, as `user:password@host` does. */
export function mayHoldPassword(text: string): boolean {
  return text.includes('@') && !DIGEST_ALONE.test(text);
}

/**
 * Quotes a value for a message, cut to about 120 characters. Returns `"***"` if it has an `@` that does not belong to
 * a digest, because the text before it may be a password.
 */
export function quote(text: string): string {
  return mayHoldPassword(text) ? '"***"' : JSON.stringify(cut(text, MAX_QUOTED));
}

/** Removes `user:password` before an `@`, with or without a scheme before it. */
function hideUserinfo(text: string): string {
  const parts = text.split('@');
  return parts
    .map((part, index) => {
      const next = parts[index + 1];
      // A digest, or the ref of a workflow in the identity of a certificate.
      if (next === undefined || /^(?:sha(256|512):|refs\/)/.test(next)) return part;
      const word = /[^\s"']*$/.exec(part)?.[0] ?? '';
      return word.includes(':') ? `${part.slice(0, part.length - word.length)}***` : part;
    })
    .join('@');
}

/** Shortens a path for a message and removes what looks like a password. */
export function quotePath(path: string): string {
  return printable(cut(path.startsWith('git:') ? path : hideUserinfo(path), MAX_PATH));
}

/** Shortens a message that a hostile file made too long. */
export function shorten(message: string): string {
  return cut(message, MAX_MESSAGE);
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // Do not cut between the halves of a surrogate pair.
  return `${text.slice(0, length).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * Returns text of a message that is safe to print: without passwords in URLs, bounded in length, and without terminal
 * control characters.
 */
export function safe(text: string): string {
  return printable(shorten(hideUserinfo(text)));
}

/** Applies {@link safe} to each line of a text that consists of messages. */
export function safeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(cut(hideUserinfo(line), MAX_LINE)))
    .join('\n');
}

/**
 * Escapes characters that control a terminal or hide text from a reader: control characters, characters that change
 * the writing direction, and invisible characters.
 */
export function printable(text: string): string {
  // Making the tables of Unicode takes longer than planning a release, and most texts need none.
  if (isPlainAscii(text)) return text;
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** Whether a text has visible ASCII characters and spaces alone. */
export function isPlainAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}
