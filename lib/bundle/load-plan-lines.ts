import { InputError } from '../input/problem.ts';
import { LIMITS } from './limits.ts';

/**
 * The lines of load.plan, one after the other. Bounds their number and lengths, and finds a file that is cut short or goes
 * on after its last line, `end N`.
 */
export class LoadPlanLines {
  readonly #file: string;
  readonly #lines: readonly string[];
  #at = 0;

  /** @throws InputError for a file, or a line of it, that is too long */
  constructor(text: string, file: string) {
    this.#file = file;
    if (text.length > LIMITS.planBytes) throw this.wrong(`the file has more than ${LIMITS.planBytes} bytes`);
    this.#lines = text.split('\n', LIMITS.planLines + 2);
    if (this.#lines.length > LIMITS.planLines + 1) {
      throw this.wrong(`the file has more than ${LIMITS.planLines} lines`);
    }
    const long = this.#lines.findIndex((line) => line.length > LIMITS.planLineBytes);
    if (long < 0) return;
    this.#at = long;
    throw this.wrong(`the line is longer than ${LIMITS.planLineBytes} bytes`);
  }

  get first(): string {
    return this.#lines[0] ?? '';
  }

  /** The line after the current one; empty if there is none. */
  get following(): string {
    return this.#lines[this.#at + 1] ?? '';
  }

  /** Moves on to the next line; returns its words. */
  next(): readonly string[] {
    this.#at++;
    const line = this.#lines[this.#at];
    if (line === undefined || this.#at === this.#lines.length - 1) {
      throw this.wrong('the file ends before its last line, "end": it is cut short');
    }
    return line.split(' ');
  }

  /** Checks that the current line is the last one, and names its number. */
  assertEnd(): void {
    if (this.#lines[this.#at] !== `end ${this.#at + 1}`) {
      throw this.wrong(`expected "end ${this.#at + 1}", the number of this line`);
    }
    if (this.#at === this.#lines.length - 2 && this.#lines.at(-1) === '') return;
    this.#at++;
    throw this.wrong('there is something after the last line, "end"');
  }

  /** The error that says what is wrong with the current line. */
  wrong(message: string, hint?: string): InputError {
    const place = { file: this.#file, line: this.#at + 1, column: 1 };
    return new InputError([{ place, message: `load.plan is damaged or not of a bundle: ${message}`, hint }]);
  }
}
