import { InputError, type Place } from './problem.ts';
import { quote } from './quote.ts';

// Globs over names: components, component/container, server/repository. They are input like everything else in a
// file, so a glob cannot be a regular expression in disguise: matching takes at most the length of the glob times the
// length of the name, and all matching of a plan together has a budget.

/** The longest glob, in characters. */
const MAX_LENGTH = 512;
/** The globs that one stands for once its braces are expanded: how many, and their characters together. */
const MAX_ALTERNATIVES = 64;
const MAX_EXPANDED = 2048;
/** Comparisons that the globs of one plan may take together: some hundred times what a full release needs. */
const MAX_STEPS = 20_000_000;

const EXPECTED = 'expected a name, in which *, **, ?, [a-c] and {a,b} are special';

const WHOLE_COMPONENTS = '** stands for whole components; write it between slashes';

/** Why a text is not a glob, as the end of the sentence "… is not legal: ", or undefined. */
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
 * Matches names by a glob: `*` within one component of a path, `**` for components (at the end for one at least),
 * `?` for one character, `[a-c]` and `[!a-c]`, `{a,b}`. Nothing else is special.
 *
 * @param budget shared by all globs of a plan
 * @throws InputError if the text is not a glob, and from the function if the budget is used up
 */
export function globMatcher(glob: string, budget = new GlobBudget()): (name: string) => boolean {
  let alternatives: readonly Segment[][];
  try {
    alternatives = compile(glob);
  } catch (error) {
    if (!(error instanceof GlobSyntax)) throw error;
    throw new InputError([{ message: `the glob ${quote(glob)} is not legal: ${error.message}` }]);
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

/** What is left of the work that the globs of one plan may take: whoever writes many must write simple ones. */
export class GlobBudget {
  readonly #place: Place | undefined;
  #left = MAX_STEPS;

  /** @param place the configuration, for the error */
  constructor(place?: Place) {
    this.#place = place;
  }

  spend(): void {
    if (--this.#left >= 0) return;
    throw new InputError([
      {
        place: this.#place,
        message: `matching the globs of the configuration takes more than ${MAX_STEPS} comparisons`,
        hint: 'Use fewer globs, with fewer * in each.',
      },
    ]);
  }
}

/** One character by its code, any, one of a set (by code: names are ASCII), or any number of them. */
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
    throw new GlobSyntax(`it has ${glob.length} characters; a glob has ${MAX_LENGTH} at most`);
  }
  const strange = /[^A-Za-z0-9._:/*?{},![\]^-]/u.exec(glob)?.[0];
  if (strange === '\\') throw new GlobSyntax(`it has a backslash, and no name needs one; ${EXPECTED}`);
  if (strange === '@') throw new GlobSyntax('it has an @; a glob matches names without a tag or digest');
  if (strange !== undefined) throw new GlobSyntax(`${quote(strange)} is in no name; ${EXPECTED}`);
  return new Braces(glob).expand().map(compileAlternative);
}

/** Expands `{a,b}`, which may be nested, into the globs that it stands for. */
class Braces {
  readonly #glob: string;
  #next = 0;

  constructor(glob: string) {
    this.#glob = glob;
  }

  expand(): string[] {
    const alternatives = this.#sequence();
    const rest = this.#glob[this.#next];
    if (rest === '}') throw new GlobSyntax('a } closes nothing');
    if (rest === ',') throw new GlobSyntax('a comma stands outside of { }');
    return alternatives;
  }

  /** All up to a comma, a closing brace or the end. */
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
        throw new GlobSyntax(`its braces stand for more than ${MAX_ALTERNATIVES} globs`);
      }
      if (made.length > 1 && made.reduce((sum, { length }) => sum + length, 0) > MAX_EXPANDED) {
        throw new GlobSyntax(`without braces it would have more than ${MAX_EXPANDED} characters`);
      }
    }
  }

  /** What has no meaning for braces. */
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
    if (commas === 0) throw new GlobSyntax('{ } holds no comma; expected a choice such as {a,b}');
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
      throw new GlobSyntax('! and ^ are special in [!a-c] only; there are no negated globs');
    }
    return /[*?[\]]/.test(segment) ? compileComponent(segment) : segment;
  });
  // At the end ** is one component at least: a/** is what is below a.
  return segments.at(-1) === GLOBSTAR ? [...segments, [STAR]] : segments;
}

function splitOutsideClasses(glob: string): string[] {
  if (/\[[^\]]*\/[^\]]*\]/.test(glob))
    throw new GlobSyntax('[ ] holds a slash; it stands for one character of a component');
  return glob.split('/');
}

function compileComponent(text: string): Token[] {
  const tokens: Token[] = [];
  for (const [token] of text.matchAll(/\[[^\]]*\]|./g)) {
    if (token === '*') tokens.push(STAR);
    else if (token === '?') tokens.push(ANY);
    else if (token.startsWith('[') && token.length > 1) tokens.push(compileClass(token.slice(1, -1)));
    else if (token === ']') throw new GlobSyntax('a ] closes nothing');
    else tokens.push(token.charCodeAt(0));
  }
  return tokens;
}

function compileClass(text: string): Uint8Array {
  const negated = /^[!^]/.test(text);
  const body = negated ? text.slice(1) : text;
  if (body === '' || !/^([A-Za-z0-9._:-]|[A-Za-z0-9]-[A-Za-z0-9])+$/.test(body)) {
    throw new GlobSyntax(`[${text}] is no choice of characters; expected one such as [a-c] or [!0-9]`);
  }
  const set = new Uint8Array(128);
  for (const [one, first = one, last = one] of body.matchAll(/([A-Za-z0-9])-([A-Za-z0-9])|./g)) {
    if (first > last) throw new GlobSyntax(`[${text}] counts backwards, from ${first} to ${last}`);
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
 * Matches items one by one, `star` standing for any number of them. When what follows a star does not fit, that star
 * takes one item more; earlier stars never have to, so there is no backtracking over more than one.
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
