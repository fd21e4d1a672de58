import type { Place } from './problem.ts';

/** A text and its origin, so that every offset has a place in a file. */
export class Source {
  readonly file: string;
  readonly text: string;
  #lineStarts: number[] | undefined;
  /** The line of the last offset: most places are requested in the order of the text. */
  #line = 0;
  readonly #outer: ((line: number, column: number) => Place) | undefined;

  /**
   * @param outer maps a line and column (from 0) of this text to a place, for a text that is a scalar in another file
   *   (the `data` of a ConfigMap)
   */
  constructor(file: string, text: string, outer?: (line: number, column: number) => Place) {
    this.file = file;
    this.text = text;
    this.#outer = outer;
  }

  /** Returns the place of an offset. */
  at(offset: number): Place {
    this.#lineStarts ??= lineStarts(this.text);
    const starts = this.#lineStarts;
    let low = this.#line;
    let high = low + 1;
    const isNear = (starts[low] ?? 0) <= offset && offset < (starts[high + 1] ?? Number.POSITIVE_INFINITY);
    if (isNear) {
      if ((starts[high] ?? Number.POSITIVE_INFINITY) <= offset) low = high;
    } else {
      low = 0;
      high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((starts[middle] ?? 0) <= offset) low = middle;
        else high = middle - 1;
      }
    }
    this.#line = low;
    const column = offset - (starts[low] ?? 0);
    if (this.#outer) return this.#outer(low, column);
    return { file: this.file, line: low + 1, column: column + 1 };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) starts.push(match.index + match[0].length);
  return starts;
}
