/** A part of a script that the scanner is in: what ends it, and whether `#` can begin a comment. */
type Context =
  /** Commands: the whole script, `( … )`, `$( … )` and back quotes; the last two are parts of a word. */
  | { readonly kind: 'commands'; readonly end: ')' | '`' | undefined; readonly inWord: boolean }
  /** `"…"` */
  | { readonly kind: 'double' }
  /** `${…}`; single quotes quote in it unless it is in double quotes and substitutes a word. */
  | { readonly kind: 'parameter'; readonly quotes: boolean }
  /** `$((…))`, with the parentheses that are open in it. */
  | { readonly kind: 'arithmetic'; depth: number };

/**
 * Removes the comments and the blank lines of a POSIX shell script, and nothing else: not a `#` in quotes, in a
 * parameter expansion, in a here-document or within a word. A comment that has a line to itself goes with its line. The
 * first line of a script stays if it is `#!`.
 *
 * @throws Error for what is not POSIX or cannot be told without running it; the scripts of this library have none of it
 */
export function stripComments(script: string): string {
  return new Scanner(script).strip();
}

/** Ends a word, so that `#` behind it begins a comment. */
const SEPARATORS = ' \t\n;&|()<>';

const variable = String.raw`\$[\w@*?!$#-]`;
const parameter = String.raw`\$\{[^{}'"\x60\\$\n]*\}`;
const double = String.raw`"(?:[^"\x60\\$]|${variable}|${parameter})*"`;
const plain = String.raw`[\w./:=,*?![\]{}+@%^~ \t;&|>-]`;

/** What needs no look at each character: most of a script. None of it begins a comment or changes the context. */
const ORDINARY: Readonly<Record<Context['kind'], RegExp>> = {
  commands: new RegExp(`(?:${plain}|'[^']*'|${double}|${variable}|${parameter})+`, 'y'),
  double: /[^"`\\$]+/y,
  parameter: /[^}'"`\\$]+/y,
  arithmetic: /[^()"`\\$]+/y,
};

class Scanner {
  readonly #text: string;
  #at = 0;
  #out = '';
  /** Where in the output the line began that is being written. */
  #line = 0;
  /** The line before ended with a backslash: this one is a part of it, even if it is blank. */
  #continued = false;
  #atWordStart = true;
  readonly #contexts: Context[] = [{ kind: 'commands', end: undefined, inWord: false }];
  /** Here-documents whose bodies begin behind the next line break. */
  #pending: { readonly delimiter: string; readonly tabs: boolean }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  strip(): string {
    if (this.#text.startsWith('#!')) this.#take(this.#lineEnd() - this.#at);
    while (this.#at < this.#text.length) this.#step();
    if (this.#contexts.length > 1 || this.#pending.length > 0) throw this.#fault('the script ends too early');
    this.#endLine();
    return this.#out;
  }

  #step(): void {
    const context = this.#contexts.at(-1);
    if (!context) throw this.#fault('a parenthesis too many');
    if (this.#takeOrdinary(context)) return;
    const next = this.#text.charAt(this.#at);
    const done = context.kind === 'commands' ? this.#inCommands(next, context) : this.#inWord(next, context);
    if (done || this.#opens(next)) return;
    this.#take(1);
    if (context.kind === 'commands') this.#atWordStart = SEPARATORS.includes(next);
  }

  /** Takes what is ordinary here; false if the next character is not. */
  #takeOrdinary(context: Context): boolean {
    // In parentheses a `case` has to be noticed.
    if (context.kind === 'commands' && context.end === ')') return false;
    const ordinary = ORDINARY[context.kind];
    ordinary.lastIndex = this.#at;
    const found = ordinary.exec(this.#text)?.[0];
    if (found === undefined) return false;
    this.#take(found.length);
    if (context.kind === 'commands') this.#atWordStart = SEPARATORS.includes(found.charAt(found.length - 1));
    return true;
  }

  /** Takes what is special between commands; false if it is not. */
  #inCommands(next: string, { end, inWord }: Context & { readonly kind: 'commands' }): boolean {
    if (next === end) {
      this.#contexts.pop();
      this.#take(1);
      this.#atWordStart = !inWord;
    } else if (next === '\n') {
      this.#newLine();
    } else if (next === '#' && this.#atWordStart) {
      if (end === '`') throw this.#fault('a comment in back quotes');
      this.#skipComment();
    } else if (this.#text.startsWith('<<', this.#at)) {
      this.#hereDocument();
    } else if (next === "'") {
      this.#single();
    } else if (next === '(') {
      this.#contexts.push({ kind: 'commands', end: ')', inWord: false });
      this.#take(1);
      this.#atWordStart = true;
    } else {
      if (end === ')' && this.#atWordStart && /^case\s/.test(this.#text.slice(this.#at, this.#at + 5)))
        throw this.#fault('a case in parentheses, whose patterns end with one');
      return false;
    }
    return true;
  }

  /** Takes what ends a part of a word, and single quotes in it; false for anything else. */
  #inWord(next: string, context: Exclude<Context, { readonly kind: 'commands' }>): boolean {
    if (context.kind === 'parameter' && context.quotes && next === "'") {
      this.#single();
      return true;
    }
    if (context.kind === 'arithmetic') {
      if (next === '(') context.depth += 1;
      if (next !== ')') return false;
      context.depth -= 1;
      if (context.depth >= 0) return false;
      if (this.#text.charAt(this.#at + 1) !== ')') throw this.#fault('$(( that is no arithmetic');
      this.#contexts.pop();
      this.#take(2);
      return true;
    }
    if (next !== (context.kind === 'double' ? '"' : '}')) return false;
    this.#contexts.pop();
    this.#take(1);
    return true;
  }

  /** What begins alike in every context but single quotes: escapes, double quotes, back quotes and `$`. */
  #opens(next: string): boolean {
    const inside = this.#contexts.at(-1)?.kind;
    if (next === '\\') {
      const escaped = this.#text.charAt(this.#at + 1);
      this.#take(2);
      // A line break that is escaped is not there: what was the start of a word still is.
      if (escaped !== '\n') this.#atWordStart = false;
      else this.#continue();
      return true;
    }
    if (next === '"' && inside !== 'double') {
      this.#contexts.push({ kind: 'double' });
      this.#take(1);
      this.#atWordStart = false;
      return true;
    }
    if (next === '`') {
      this.#contexts.push({ kind: 'commands', end: '`', inWord: true });
      this.#take(1);
      this.#atWordStart = true;
      return true;
    }
    if (next !== '$') return false;
    this.#dollar();
    return true;
  }

  #dollar(): void {
    const rest = this.#text.slice(this.#at, this.#at + 3);
    const inDouble = this.#isInDouble();
    this.#atWordStart = false;
    if (rest.startsWith('$((')) {
      this.#contexts.push({ kind: 'arithmetic', depth: 0 });
      this.#take(3);
    } else if (rest.startsWith('$(')) {
      this.#contexts.push({ kind: 'commands', end: ')', inWord: true });
      this.#take(2);
      this.#atWordStart = true;
    } else if (rest.startsWith('${')) {
      // In double quotes the word of ${x:-…} has no single quotes, the pattern of ${x#…} has.
      const pattern = /^\$\{(?:#?\w+|[@*#?$!-])(?=[#%])/.test(this.#text.slice(this.#at));
      this.#contexts.push({ kind: 'parameter', quotes: !inDouble || pattern });
      this.#take(2);
    } else {
      if (!inDouble && rest.startsWith("$'")) throw this.#fault("$'…', which is not POSIX");
      // `$#` is the number of arguments, not the beginning of a comment.
      this.#take(rest.startsWith('$#') ? 2 : 1);
    }
  }

  /** Whether double quotes are around this, within the same commands. */
  #isInDouble(): boolean {
    const inner = this.#contexts.slice(this.#contexts.findLastIndex(({ kind }) => kind === 'commands'));
    return inner.some(({ kind }) => kind === 'double');
  }

  #single(): void {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw this.#fault('a quote without an end');
    this.#take(end + 1 - this.#at);
    this.#atWordStart = false;
  }

  #hereDocument(): void {
    if (this.#text.startsWith('<<<', this.#at)) throw this.#fault('<<<, which is not POSIX');
    const found = /<<(-?)[ \t]*(?:'([^'\n]+)'|"([^"$`\\\n]+)"|\\?([\w.-]+))(?=[\s;&|)<>]|$)/y.exec(
      this.#text.slice(this.#at),
    );
    if (!found) throw this.#fault('a here-document whose end is not a plain word');
    const [whole, tabs, ...words] = found;
    this.#pending.push({ delimiter: words.find(Boolean) ?? '', tabs: tabs === '-' });
    this.#take(whole.length);
    this.#atWordStart = false;
  }

  #newLine(): void {
    this.#take(1);
    this.#endLine();
    this.#atWordStart = true;
    const pending = this.#pending;
    this.#pending = [];
    for (const { delimiter, tabs } of pending) this.#takeBody(delimiter, tabs);
  }

  /** The body of a here-document is not touched. */
  #takeBody(delimiter: string, tabs: boolean): void {
    for (;;) {
      if (this.#at >= this.#text.length) throw this.#fault(`a here-document without its end ${delimiter}`);
      const end = this.#lineEnd();
      const line = this.#text.slice(this.#at, end);
      this.#take(Math.min(end + 1, this.#text.length) - this.#at);
      this.#line = this.#out.length;
      if ((tabs ? line.replace(/^\t+/, '') : line) === delimiter) return;
    }
  }

  #skipComment(): void {
    this.#at = this.#lineEnd();
    this.#out = this.#out.slice(0, this.#line) + this.#out.slice(this.#line).replace(/[ \t]+$/, '');
  }

  /** Drops the line that was just written if nothing is in it. */
  #endLine(): void {
    const line = this.#out.slice(this.#line);
    if (/^\s*$/.test(line) && !this.#continued) this.#out = this.#out.slice(0, this.#line);
    this.#line = this.#out.length;
    this.#continued = false;
  }

  #continue(): void {
    this.#line = this.#out.length;
    this.#continued = true;
  }

  /** Copies what no step has to look at; a line break in it (in quotes) is a part of its line. */
  #take(count: number): void {
    const taken = this.#text.slice(this.#at, this.#at + count);
    this.#out += taken;
    this.#at += count;
  }

  #lineEnd(): number {
    const end = this.#text.indexOf('\n', this.#at);
    return end < 0 ? this.#text.length : end;
  }

  #fault(what: string): Error {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    return new Error(`line ${line} of a script: ${what}`);
  }
}
