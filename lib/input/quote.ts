// What a message may repeat of a value that somebody else wrote.

/** The most that a message repeats of one value, in characters. */
const MAX_QUOTED = 120;

/** The most that a message repeats of one path, in characters: longer than those of people. */
const MAX_PATH = 250;

/** The most that one message or hint may have, in characters, whatever it is made of. */
const MAX_MESSAGE = 1500;

/** A line has a place, a message, a code. */
const MAX_LINE = MAX_PATH + MAX_MESSAGE + 250;

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

/** A text without what looks like `user:password` before an `@`, with or without a scheme before it. */
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

/** A path for a message: cut, and without what looks like a password. */
export function quotePath(path: string): string {
  return printable(cut(path.startsWith('git:') ? path : hideUserinfo(path), MAX_PATH));
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

/** A text of a message, as it may be printed: no passwords of addresses, not endless, nothing that steers a terminal. */
export function safe(text: string): string {
  return printable(shorten(hideUserinfo(text)));
}

/** The same for each line of a text that is made of messages. */
export function safeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(cut(hideUserinfo(line), MAX_LINE)))
    .join('\n');
}

/**
 * A text that cannot steer a terminal or hide from a reader: control characters, those that change the direction of
 * writing and those that are not seen at all are shown by their code.
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
