import { printable, quotePath, safe } from './quote.ts';

/** Where something stands in a file. Lines and columns count from 1, columns in characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The place of what is wrong with a file as a whole. */
export function startOf(file: string): Place {
  return { file, line: 1, column: 1 };
}

/** One thing that is wrong with the input: what was found, what was expected, how to fix it. */
export interface Problem {
  /** Where; left out where no file is involved (an environment variable, say). */
  readonly place?: Place;
  readonly message: string;
  readonly hint?: string;
  /** A command for what the hint says, whole: it can be pasted into a shell. */
  readonly command?: string;
  /** What docs/findings.md explains it by. */
  readonly code?: string;
}

/** How many problems are printed; the rest is counted. Nobody fixes more than these before the next run. */
export const MAX_LISTED = 100;

/**
 * The input is wrong, not the program: carries every problem that was found, in the order of the file.
 * The edges (the app, the command line) print `message`, which lists the first {@link MAX_LISTED}, and leave out the
 * stack trace.
 */
export class InputError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = [...problems].sort(byPlace);
    const listed = sorted.slice(0, MAX_LISTED).map((problem) => formatProblem('error', problem));
    const more = andMore(sorted.length - listed.length, 'problem');
    super([...listed, ...more].join('\n'));
    this.name = 'InputError';
    this.problems = sorted;
  }
}

/** The line `and N more problems` below a list that was cut, or none. */
export function andMore(count: number, what: string): string[] {
  return count > 0 ? [`and ${count} more ${what}${count === 1 ? '' : 's'}`] : [];
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

/**
 * `file:line:column: severity: message`, and the hint and the command each on a line of its own. Message and hint are
 * cut if they are very long.
 */
export function formatProblem(severity: string, problem: Problem): string {
  const place = problem.place ? `${formatPlace(problem.place)}: ` : '';
  const help = helpOf(problem).map((line) => `\n    ${line}`);
  const code = problem.code ? ` [${problem.code}]` : '';
  return `${place}${severity}: ${safe(problem.message)}${code}${help.join('')}`;
}

/** The hint and the command of a problem, a line each, if it has them. */
export function helpOf({ hint, command }: Problem): string[] {
  return [...(hint ? [safe(hint)] : []), ...(command ? [printable(command)] : [])];
}

/** `file:line:column`, as editors and terminals make a link of it. */
export function formatPlace(place: Place): string {
  return `${quotePath(place.file)}:${place.line}:${place.column}`;
}

function byPlace(a: Problem, b: Problem): number {
  if (!a.place || !b.place) return Number(!a.place) - Number(!b.place);
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}
