import { InputError, type Place } from './problem.ts';
import { quote } from './quote.ts';

// Globs over names: components, component/container, server/repository. Globs are untrusted input, so they are not
// translated to regular expressions: matching takes at most the length of the glob times the length of the name, and
// all matching of a plan together has a budget.

/** The longest glob, in characters. */
const MAX_LENGTH = 512;
/** Limits for the globs that braces expand to: their number, and their total number of characters. */
const MAX_ALTERNATIVES = 64;
const MAX_EXPANDED = 2048;
/** Comparisons that all globs of one plan may take together: about a hundred times what a full release needs. */
const MAX_STEPS = 20_000_000;

const EXPECTED = 'expected a name, optionally with *, **, ?, [a-c] or {a,b}';

const WHOLE_COMPONENTS = '** matches whole components; write it between slashes';

/** Returns why a text is not a valid glob, as the end of "… is not valid: ", or undefined if it is valid. */
export function invalidGlobReason(glob: string): string | undefined {
  try {
    compile(glob);
    return undefined;
  } catch (error) {
    if (error instanceof GlobSyntax) return error.message;
    throw error;
  }
}

/**
 * Compiles a glob. `*` matches within one path component, `**` any number of components (at least one at the end),
 * `?` one character; `[a-c]`, `[!a-c]` and `{a,b}` work as in a shell. No other character is special.
 *
 * @param budget the budget shared by all globs of a plan
 * @throws InputError if the text is not a valid glob; the returned function throws it if the budget is used up
 */
export function globMatcher(glob: string, budget = new GlobBudget()): (name: string) => boolean {
  let alternatives: readonly Segment[][];
  try {
    alternatives = compile(glob);
  } catch (error) {
    if (!(error instanceof GlobSyntax)) throw error;
    throw new InputError([{ message: `the glob ${quote(glob)} is not valid: ${error.message}` }]);
  }
  return (name) => {
    const components = name.split('/');
    return alternatives.some((segments) =>
      matchSequence(segments, components, GLOBSTAR, budget, (segment, component) =>
        matchComponent(segment as Component, component, budget),
      ),
    );
  };
}

/**
 * The remaining comparisons for all globs of one plan. It limits the time that a configuration with many complex
 * globs takes.
 */
export class GlobBudget {
  readonly #place: Place | undefined;
  #left = MAX_STEPS;

  /** @param place place of the configuration, for the message */
  constructor(place?: Place) {
    this.#place = place;
  }

  spend(): void {
    if (--this.#left >= 0) return;
    throw new InputError([
      {
        place: this.#place,
        message: `matching the globs of the configuration needs more than ${MAX_STEPS} comparisons`,
        hint: 'Use fewer globs, or fewer * in each.',
      },
    ]);
  }
}

/**
 * Matches one character by its code, any character, one of a set (by code: names are ASCII), or any number of them.
 */
type Token = number | typeof ANY | Uint8Array | typeof STAR;
type Component = string | readonly Token[];
type Segment = Component | typeof GLOBSTAR;

const ANY = Symbol('?');
const STAR = Symbol('*');
const GLOBSTAR = Symbol('**');

class GlobSyntax extends Error {}

function compile(glob: string): Segment[][] {
  if (glob === '') throw new GlobSyntax('it is empty');
  if (glob.length > MAX_LENGTH) {
    throw new GlobSyntax(`it has ${glob.length} characters; expected at most ${MAX_LENGTH}`);
  }
  const strange = /[^A-Za-z0-9._:/*?{},![\]^-]/u.exec(glob)?.[0];
  if (strange === '\\') throw new GlobSyntax(`it contains a backslash, which no name has; ${EXPECTED}`);
  if (strange === '@') throw new GlobSyntax('it contains an @; globs match names without a tag or digest');
  if (strange !== undefined)
    throw new GlobSyntax(`it contains ${quote(strange)}, which no name has; ${EXPECTED}`);
  return new Braces(glob).expand().map(compileAlternative);
}

/** Expands `{a,b}`, which may be nested, to a list of globs. */
class Braces {
  readonly #glob: string;
  #next = 0;

  constructor(glob: string) {
    this.#glob = glob;
  }

  expand(): string[] {
    const alternatives = this.#sequence();
    const rest = this.#glob[this.#next];
    if (rest === '}') throw new GlobSyntax('a } has no matching {');
    if (rest === ',') throw new GlobSyntax('a comma is outside of { }');
    return alternatives;
  }

  /** Parses up to a comma, a closing brace or the end. */
  #sequence(): string[] {
    let made = [''];
    let group = false;
    for (;;) {
      const character = this.#glob[this.#next];
      if (character === undefined || character === ',' || character === '}') return made;
      const afterGroup = group;
      group = character === '{';
      const parts = group ? this.#group() : [character === '[' ? this.#class() : this.#run()];
      const meets = (before: string, part: string): boolean => before.endsWith('*') && part.startsWith('*');
      if ((group || afterGroup) && made.some((before) => parts.some((part) => meets(before, part)))) {
        throw new GlobSyntax(WHOLE_COMPONENTS);
      }
      made = made.flatMap((before) => parts.map((part) => before + part));
      if (made.length > MAX_ALTERNATIVES) {
        throw new GlobSyntax(`its braces expand to more than ${MAX_ALTERNATIVES} globs`);
      }
      if (made.length > 1 && made.reduce((sum, { length }) => sum + length, 0) > MAX_EXPANDED) {
        throw new GlobSyntax(`its braces expand to more than ${MAX_EXPANDED} characters`);
      }
    }
  }

  /** Parses characters that are not special for braces. */
  #run(): string {
    const end = this.#glob.slice(this.#next).search(/[{},[]/);
    return this.#take(end < 0 ? this.#glob.length : Math.max(end, 1));
  }

  #group(): string[] {
    const parts: string[] = [];
    let commas = -1;
    do {
      this.#next++;
      commas++;
      parts.push(...this.#sequence());
    } while (this.#glob[this.#next] === ',');
    if (this.#take(1) !== '}') throw new GlobSyntax('a { is not closed');
    if (commas === 0) throw new GlobSyntax('{ } has no comma; expected alternatives such as {a,b}');
    return parts;
  }

  #class(): string {
    const end = this.#glob.indexOf(']', this.#next + 1);
    if (end < 0) throw new GlobSyntax('a [ is not closed');
    return this.#take(end + 1 - this.#next);
  }

  #take(length: number): string {
    const taken = this.#glob.slice(this.#next, this.#next + length);
    this.#next += length;
    return taken;
  }
}

function compileAlternative(glob: string): Segment[] {
  const segments = splitOutsideClasses(glob).map((segment): Segment => {
    if (segment === '') throw new GlobSyntax('it begins or ends with a slash, or has two in a row');
    if (segment === '**') return GLOBSTAR;
    if (segment.includes('**')) throw new GlobSyntax(WHOLE_COMPONENTS);
    if (/[!^]/.test(segment.replace(/\[[^\]]*\]/g, ''))) {
      throw new GlobSyntax('! and ^ are only allowed in [!a-c]; globs cannot be negated');
    }
    return /[*?[\]]/.test(segment) ? compileComponent(segment) : segment;
  });
  // At the end, ** matches at least one component: a/** matches everything below a.
  return segments.at(-1) === GLOBSTAR ? [...segments, [STAR]] : segments;
}

function splitOutsideClasses(glob: string): string[] {
  if (/\[[^\]]*\/[^\]]*\]/.test(glob))
    throw new GlobSyntax('[ ] contains a slash; it matches one character within a component');
  return glob.split('/');
}

function compileComponent(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [token] of text.matchAll(/\[[^\]]*\]|./g)) {
    if (token === '*') tokens.push(STAR);
    else if (token === '?') tokens.push(ANY);
    else if (token.startsWith('[') && token.length > 1) tokens.push(compileClass(token.slice(1, -1)));
    else if (token === ']') throw new GlobSyntax('a ] has no matching [');
    else tokens.push(token.charCodeAt(0));
  }
  return tokens;
}

function compileClass(text: string): Uint8Array {
  const negated = /^[!^]/.test(text);
  const body = negated ? text.slice(1) : text;
  if (body === '' || !/^([A-Za-z0-9._:-]|[A-Za-z0-9]-[A-Za-z0-9])+$/.test(body)) {
    throw new GlobSyntax(`[${text}] is not a valid character set; expected a set such as [a-c] or [!0-9]`);
  }
  const set = new Uint8Array(128);
  for (const [one, first = one, last = one] of body.matchAll(/([A-Za-z0-9])-([A-Za-z0-9])|./g)) {
    if (first > last) throw new GlobSyntax(`[${text}] is a reversed range, from ${first} to ${last}`);
    set.fill(1, first.charCodeAt(0), last.charCodeAt(0) + 1);
  }
  return negated ? set.map((is) => 1 - is) : set;
}

function matchComponent(segment: Component, component: string, budget: GlobBudget): boolean {
  if (typeof segment === 'string') return segment === component;
  return matchSequence(segment, component, STAR, budget, matchCharacter);
}

function matchCharacter(token: Token, character: string): boolean {
  if (typeof token === 'symbol') return true;
  const code = character.charCodeAt(0);
  return typeof token === 'number' ? token === code : token[code] === 1;
}

/**
 * Matches items one by one; `star` matches any number of them. If the items after a star do not match, that star
 * takes one more item. Earlier stars never need to, so there is no backtracking over more than one star.
 */
function matchSequence<Pattern, Item>(
  pattern: readonly Pattern[],
  items: ArrayLike<Item>,
  star: Pattern,
  budget: GlobBudget,
  matches: (pattern: Pattern, item: Item) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let lastStar = -1;
  let resume = 0;
  while (item < items.length) {
    budget.spend();
    const wanted = pattern[at];
    if (at < pattern.length && wanted === star) {
      lastStar = at++;
      resume = item;
    } else if (at < pattern.length && matches(wanted as Pattern, items[item] as Item)) {
      at++;
      item++;
    } else if (lastStar >= 0) {
      at = lastStar + 1;
      item = ++resume;
    } else return false;
  }
  while (at < pattern.length && pattern[at] === star) at++;
  return at === pattern.length;
}
