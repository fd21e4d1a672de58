import type { WriteStream } from 'node:tty';

/**
 * Lines at the end of a terminal that are rewritten, for work with several parallel parts. If the stream is not a
 * terminal, nothing is written. `clear` removes the lines before other output is written.
 */
export class LiveBlock {
  readonly #stream: WriteStream;
  #shown = 0;
  #last = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  show(lines: readonly string[]): void {
    // Ten times a second is enough for the eye.
    if (!this.#stream.isTTY || performance.now() - this.#last < 100) return;
    this.#last = performance.now();
    const width = (this.#stream.columns || 80) - 1;
    const room = Math.max(1, (this.#stream.rows || 24) - 1);
    const shown = lines.slice(0, room);
    this.clear();
    this.#stream.write(shown.map((line) => `${line.slice(0, width)}\n`).join(''));
    this.#shown = shown.length;
  }

  clear(): void {
    if (this.#shown > 0) this.#stream.write(`\x1b[${this.#shown}A\x1b[J`);
    this.#shown = 0;
  }
}
