import type { Place } from './problem.ts';

/** A text and where it came from, so that every offset in it has a place that a person can find. */
export class Source {
  readonly file: string;
  readonly text: string;
  #lineStarts: number[] | undefined;
  readonly #outer: ((line: number, column: number) => Place) | undefined;

  /**
   * @param outer where a line and column (from 0) of this text stand, for a text that is itself a scalar
   *   inside another file (the `data` of a ConfigMap)
   */
  constructor(file: string, text: string, outer?: (line: number, column: number) => Place) {
    this.file = file;
    this.text = text;
    this.#outer = outer;
  }

  /** The place of an offset. */
  at(offset: number): Place {
    this.#lineStarts ??= lineStarts(this.text);
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const column = offset - (this.#lineStarts[low] ?? 0);
    if (this.#outer) return this.#outer(low, column);
    return { file: this.file, line: low + 1, column: column + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return starts;
}
