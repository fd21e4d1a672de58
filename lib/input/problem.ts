/** Where something stands in a file. Lines and columns count from 1, columns in characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with the input: what was found, what was expected, how to mend it. */
export interface Problem {
  /** Where; left out where no file is involved (an environment variable, say). */
  readonly place?: Place;
  readonly message: string;
  readonly hint?: string;
  /** What docs/findings.md explains it by. */
  readonly code?: string;
}

/**
 * The input is wrong, not the program: carries every problem that was found, in the order of the file.
 * The edges (the app, the command line) print `message` and leave out the stack trace.
 */
export class InputError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = [...problems].sort(byPlace);
    super(sorted.map((problem) => formatProblem('error', problem)).join('\n'));
    this.name = 'InputError';
    this.problems = sorted;
  }
}

/** The results of a function for each item; where it throws InputError for some, one with the problems of all. */
export function collectProblems<T, R>(items: readonly T[], run: (item: T) => R): R[] {
  const problems: Problem[] = [];
  const results = items.flatMap((item) => {
    try {
      return [run(item)];
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new InputError(problems);
  return results;
}

/** `file:line:column: severity: message`, and the hint on a line of its own. */
export function formatProblem(severity: string, problem: Problem): string {
  const place = problem.place ? `${formatPlace(problem.place)}: ` : '';
  const hint = problem.hint ? `\n    ${printable(problem.hint)}` : '';
  const code = problem.code ? ` [${problem.code}]` : '';
  return `${printable(place)}${severity}: ${printable(problem.message)}${code}${hint}`;
}

/**
 * A text that cannot steer a terminal: what a hostile file says is repeated in messages, so control characters and
 * those that turn the direction of writing are shown by their code.
 */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (sign) => {
    const code = sign.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, '0')}`;
  });
}

/** `file:line:column`, as editors and terminals make a link of it. */
export function formatPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

function byPlace(a: Problem, b: Problem): number {
  if (!a.place || !b.place) return Number(!a.place) - Number(!b.place);
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}
