import { quote } from './quote.ts';

// Regular expressions that users write, for names such as the identity in a certificate. They are input like everything
// else in a file, and what they are matched with comes from outside: matching never backtracks, so it takes at most the
// size of the expression times the length of the text, as with RE2. What cannot be matched like that is not supported.

/** The longest expression, in characters. */
const MAX_LENGTH = 512;
/** The most that a counted repetition may count to. */
const MAX_REPEAT = 100;
/** The size of an expression after its repetitions are written out. */
const MAX_STEPS = 2000;
/** The deepest nesting of groups. */
const MAX_DEPTH = 32;
/** The longest text that matches anything. */
export const MAX_TEXT = 4096;

type Test = (character: string) => boolean;

type Node =
  | { readonly kind: 'one'; readonly test: Test }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly least: number; readonly most: number };

type Step = Test | { readonly to: number[] };

class RegexSyntax extends Error {}

/** Why a text is not a supported regular expression, as the end of an error message, or undefined. */
export function invalidRegexReason(text: string): string | undefined {
  try {
    compile(text);
    return undefined;
  } catch (error) {
    if (error instanceof RegexSyntax) return error.message;
    throw error;
  }
}

/**
 * Matches whole texts by a regular expression: characters, `.`, `[a-z]`, `[^/]`, `\d`, `\w`, `\s`, a backslash before
 * anything special, groups, `|`, `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`. `^` at the start and `$` at the end are allowed
 * and change nothing. Texts of more than {@link MAX_TEXT} characters never match.
 *
 * @param text a text that {@link invalidRegexReason} accepts
 */
export function regexMatcher(text: string): (value: string) => boolean {
  const steps = compile(text);
  return (value) => value.length <= MAX_TEXT && run(steps, value);
}

function compile(text: string): Step[] {
  if (text === '') throw new RegexSyntax('it is empty');
  if (text.length > MAX_LENGTH)
    throw new RegexSyntax(`it has ${text.length} characters; a regular expression has ${MAX_LENGTH} at most`);
  const program = new Program();
  program.emit(new Parser(text).parse());
  return program.steps;
}

/** Reads an expression by recursive descent. */
class Parser {
  readonly #characters: readonly string[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#characters = [...text];
  }

  parse(): Node {
    if (this.#peek() === '^') this.#next++;
    const node = this.#choice();
    if (this.#peek() === ')') throw new RegexSyntax('a ) closes nothing');
    return node;
  }

  #peek(): string | undefined {
    return this.#characters[this.#next];
  }

  #take(): string {
    const character = this.#characters[this.#next++];
    if (character === undefined) throw new RegexSyntax('it ends too early');
    return character;
  }

  #choice(): Node {
    const options = [this.#sequence()];
    while (this.#peek() === '|') {
      this.#next++;
      options.push(this.#sequence());
    }
    return options.length === 1 ? (options[0] as Node) : { kind: 'choice', options };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      if (next === '$' && this.#next === this.#characters.length - 1) {
        this.#next++;
        break;
      }
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(node: Node): Node {
    const sign = this.#peek();
    const counts = sign === '{' ? this.#counts() : undefined;
    const simple = sign === '*' || sign === '+' || sign === '?';
    if (!counts && !simple) return node;
    if (!counts) this.#next++;
    if (/^[*+?{]$/.test(this.#peek() ?? ''))
      throw new RegexSyntax(`${this.#peek()} repeats a repetition; use a group`);
    const [least, most] = counts ?? [sign === '+' ? 1 : 0, sign === '?' ? 1 : Number.POSITIVE_INFINITY];
    return { kind: 'repeat', node, least, most };
  }

  #counts(): [number, number] {
    const rest = this.#characters.slice(this.#next, this.#next + 12).join('');
    const found = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(rest);
    if (!found) throw new RegexSyntax('a { begins no repetition; expected {2}, {2,} or {2,5}, or \\{');
    const least = Number(found[1]);
    const most = found[3] ? Number(found[3]) : found[2] ? Number.POSITIVE_INFINITY : least;
    if (least > MAX_REPEAT || (Number.isFinite(most) && most > MAX_REPEAT))
      throw new RegexSyntax(`${found[0]} counts to more than ${MAX_REPEAT}`);
    if (least > most) throw new RegexSyntax(`${found[0]} counts backwards`);
    this.#next += found[0].length;
    return [least, most];
  }

  #atom(): Node {
    const character = this.#take();
    if (character === '(') return this.#group();
    if (character === '[') return { kind: 'one', test: this.#class() };
    if (character === '.') return { kind: 'one', test: (it) => it !== '\n' };
    if (character === '\\') return { kind: 'one', test: this.#escape() };
    if (/[*+?{]/.test(character)) throw new RegexSyntax(`a ${character} repeats nothing`);
    if (/[\]}]/.test(character))
      throw new RegexSyntax(`a ${character} closes nothing; write \\${character} for the character`);
    if (/[$^]/.test(character))
      throw new RegexSyntax(
        `${character} has a meaning only at the ${character === '^' ? 'start' : 'end'}; the whole text is always matched`,
      );
    return { kind: 'one', test: (it) => it === character };
  }

  #group(): Node {
    if (++this.#depth > MAX_DEPTH) throw new RegexSyntax(`its groups are more than ${MAX_DEPTH} deep`);
    if (this.#peek() === '?') {
      this.#next++;
      if (this.#take() !== ':')
        throw new RegexSyntax('(?…) is not supported, except for groups that are written (?:…)');
    }
    const node = this.#choice();
    if (this.#peek() !== ')') throw new RegexSyntax('a ( is not closed');
    this.#next++;
    this.#depth--;
    return node;
  }

  #escape(): Test {
    const character = this.#take();
    if (/[A-Za-z0-9]/.test(character)) {
      const test = CLASSES[character];
      if (test) return test;
      throw new RegexSyntax(
        `\\${character} is not supported; expected \\d, \\w, \\s or \\ before a special character`,
      );
    }
    return (it) => it === character;
  }

  #class(): Test {
    const negated = this.#peek() === '^';
    if (negated) this.#next++;
    const tests: Test[] = [];
    while (this.#peek() !== ']' || tests.length === 0) {
      if (this.#peek() === undefined) throw new RegexSyntax('a [ is not closed');
      const first = this.#take();
      if (first === '[') throw new RegexSyntax('a [ within [ ] is written \\[');
      const escaped = first === '\\';
      const character = escaped ? (this.#peek() ?? '') : first;
      const test = escaped ? this.#escape() : (it: string) => it === first;
      const isRange = this.#peek() === '-' && ![']', undefined].includes(this.#characters[this.#next + 1]);
      if (!isRange) {
        tests.push(test);
        continue;
      }
      this.#next++;
      const last = this.#take() === '\\' ? this.#take() : (this.#characters[this.#next - 1] as string);
      if (character > last || (escaped && CLASSES[character]))
        throw new RegexSyntax(`${quote(`${character}-${last}`)} is not a range of characters`);
      tests.push((it) => it >= character && it <= last);
    }
    this.#next++;
    return (it) => tests.some((test) => test(it)) !== negated;
  }
}

const CLASSES: Readonly<Record<string, Test>> = {
  d: (it) => it >= '0' && it <= '9',
  w: (it) => /^\w$/.test(it),
  s: (it) => /^\s$/.test(it),
};

/** Writes a node out as steps. */
class Program {
  readonly steps: Step[] = [];
  #emitted = 0;

  /** Appends the steps of a node, after which the next step follows. */
  emit(node: Node): void {
    // Counts nodes and not steps: an empty group has no step, and can be repeated all the same.
    if (++this.#emitted > MAX_STEPS)
      throw new RegexSyntax(`with its repetitions written out it has more than ${MAX_STEPS} steps`);
    if (node.kind === 'one') this.steps.push(node.test);
    else if (node.kind === 'sequence') for (const part of node.parts) this.emit(part);
    else if (node.kind === 'choice') this.#choice(node.options);
    else this.#repeat(node);
  }

  #choice(options: readonly Node[]): void {
    const fork = this.#jump();
    const ends = options.map((option) => {
      fork.to.push(this.steps.length);
      this.emit(option);
      return this.#jump();
    });
    for (const end of ends) end.to.push(this.steps.length);
  }

  #repeat({ node, least, most }: Node & { kind: 'repeat' }): void {
    for (let time = 0; time < least; time++) this.emit(node);
    if (most === Number.POSITIVE_INFINITY) {
      const start = this.steps.length;
      const loop = this.#jump(start + 1);
      this.emit(node);
      this.#jump(start);
      loop.to.push(this.steps.length);
      return;
    }
    const forks = Array.from({ length: most - least }, () => {
      const fork = this.#jump(this.steps.length + 1);
      this.emit(node);
      return fork;
    });
    for (const fork of forks) fork.to.push(this.steps.length);
  }

  #jump(...to: number[]): { to: number[] } {
    const jump = { to };
    this.steps.push(jump);
    return jump;
  }
}

/** Follows all ways at once, character by character. */
function run(steps: readonly Step[], value: string): boolean {
  let current = reach(steps, [0]);
  for (const character of value) {
    const next: number[] = [];
    for (const at of current) {
      const step = steps[at];
      if (typeof step === 'function' && step(character)) next.push(at + 1);
    }
    if (next.length === 0) return false;
    current = reach(steps, next);
  }
  return current.has(steps.length);
}

function reach(steps: readonly Step[], from: readonly number[]): Set<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    const step = steps[at];
    if (step && typeof step !== 'function') open.push(...step.to);
  }
  return reached;
}
