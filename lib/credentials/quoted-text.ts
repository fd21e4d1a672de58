/** What quoting adds to a text: in JSON, YAML and shells, any number of times. */
const QUOTING = /[\\'"]/g;
const isQuoting = (character: string | undefined): boolean =>
  character === '\\' || character === "'" || character === '"';

/**
 * Returns whether a text holds another as a shell, YAML or JSON quotes it, or JSON inside of JSON: with backslashes and
 * quotation marks added around those that it has and around its other special characters, and nowhere else.
 */
export function isQuotedIn(text: string, secret: string): boolean {
  if (text.includes(secret)) return true;
  if (!/[^A-Za-z0-9]/.test(secret)) return false;
  // Nothing is added inside of a word, so that nearly every text is done with here.
  const words = secret.match(/[A-Za-z0-9]+/g) ?? [];
  if (!words.every((word) => text.includes(word))) return false;
  const bare = secret.replace(QUOTING, '');
  if (bare === '') return text.includes(JSON.stringify(secret).slice(1, -1));
  const bareText = text.replace(QUOTING, '');
  let found = bareText.indexOf(bare);
  if (found < 0) return false;
  let position = 0;
  let passed = 0;
  while (found >= 0) {
    // To where the bare text begins in the text itself.
    for (; passed < found || isQuoting(text[position]); position++) {
      if (!isQuoting(text[position])) passed += 1;
    }
    if (matchesAt(text, position, secret)) return true;
    found = bareText.indexOf(bare, found + 1);
  }
  return false;
}

/** @param position of the secret's first character that is no quoting */
function matchesAt(text: string, position: number, secret: string): boolean {
  const leading = /^[\\'"]*/.exec(secret)?.[0] ?? '';
  let start = position;
  while (start > 0 && isQuoting(text[start - 1])) start -= 1;
  if (!isSubsequence(leading, text.slice(start, position))) return false;
  let inText = position;
  let inSecret = leading.length;
  while (inSecret < secret.length) {
    if (text[inText] !== secret[inSecret]) return false;
    const before = secret[inSecret];
    inText += 1;
    inSecret += 1;
    const added = quotingAt(text, inText);
    const own = quotingAt(secret, inSecret);
    if (!isSubsequence(own, added)) return false;
    const after = secret[inSecret + own.length];
    // Between a letter and a letter nothing is added; behind the end anything may follow.
    if (own === '' && added !== '' && isPlain(before) && (after === undefined || isPlain(after))) {
      return after === undefined;
    }
    inText += added.length;
    inSecret += own.length;
  }
  return true;
}

function quotingAt(text: string, position: number): string {
  let end = position;
  while (isQuoting(text[end])) end += 1;
  return text.slice(position, end);
}

function isPlain(character: string | undefined): boolean {
  return character !== undefined && /[A-Za-z0-9]/.test(character);
}

function isSubsequence(wanted: string, text: string): boolean {
  let matched = 0;
  for (const character of text) if (character === wanted[matched]) matched += 1;
  return matched === wanted.length;
}
