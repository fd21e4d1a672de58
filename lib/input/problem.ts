import { printable, quotePath, safe } from './quote.ts';

/** A position in a file. Lines and columns start at 1; columns count characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Returns the place of a problem with the file as a whole. */
export function startOf(file: string): Place {
  return { file, line: 1, column: 1 };
}

/** One problem in the input: what was found, what is expected, how to fix it. */
export interface Problem {
  /** Position; left out if no file is involved, for example for an environment variable. */
  readonly place?: Place;
  readonly message: string;
  readonly hint?: string;
  /** A complete command for what the hint says, which can be pasted into a shell. */
  readonly command?: string;
  /** The code that docs/findings.md explains. */
  readonly code?: string;
}

/** Number of problems that are printed; the others are counted. */
export const MAX_LISTED = 100;

/**
 * An error of the input, not of the program. It has all problems that were found, in the order of the file. The app
 * and the command line print `message`, which lists the first {@link MAX_LISTED} problems, without a stack trace.
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

/** Returns the line `and N more problems` for a list that was cut, or no line. */
export function andMore(count: number, what: string): string[] {
  return count > 0 ? [`and ${count} more ${what}${count === 1 ? '' : 's'}`] : [];
}

/**
 * Runs a function for each item and returns the results. If it throws an InputError for some items, throws one with
 * the problems of all.
 */
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
 * Formats a problem as `file:line:column: severity: message`, followed by the hint and the command on lines of their
 * own. Very long messages and hints are cut.
 */
export function formatProblem(severity: string, problem: Problem): string {
  const place = problem.place ? `${formatPlace(problem.place)}: ` : '';
  const help = helpOf(problem).map((line) => `\n    ${line}`);
  const code = problem.code ? ` [${problem.code}]` : '';
  return `${place}${severity}: ${safe(problem.message)}${code}${help.join('')}`;
}

/** Returns the hint and the command of a problem, one line each, if it has them. */
export function helpOf({ hint, command }: Problem): string[] {
  return [...(hint ? [safe(hint)] : []), ...(command ? [printable(command)] : [])];
}

/** Formats a place as `file:line:column`, which editors and terminals turn into a link. */
export function formatPlace(place: Place): string {
  return `${quotePath(place.file)}:${place.line}:${place.column}`;
}

function byPlace(a: Problem, b: Problem): number {
  if (!a.place || !b.place) return Number(!a.place) - Number(!b.place);
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}
