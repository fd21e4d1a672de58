import type { WriteStream } from 'node:tty';

/**
 * Shows the progress of a long operation as one line that is rewritten, on a terminal only. `clear` removes the line.
 */
export class Progress {
  readonly #stream: WriteStream;
  #last = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  show(text: string): void {
    // Ten times a second is enough for the eye.
    if (!this.#stream.isTTY || performance.now() - this.#last < 100) return;
    this.#last = performance.now();
    this.#stream.write(`\r\x1b[K${text.slice(0, (this.#stream.columns || 80) - 1)}`);
  }

  clear(): void {
    if (this.#stream.isTTY && this.#last > 0) this.#stream.write('\r\x1b[K');
  }
}
