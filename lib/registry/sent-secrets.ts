import { redact, rememberSecret } from '../credentials/redact.ts';

/**
 * What one client sent to registries to log in. A server can repeat it in anything that it answers; messages and results
 * must not hold it.
 */
export class SentSecrets {
  readonly #headers = new Set<string>();

  /** Remembers the part of an `Authorization` header behind its scheme, or a token that is exchanged for one. */
  add(value: string): void {
    rememberSecret(value);
    this.#headers.add(value.replace(/=+$/, ''));
  }

  /** The text with `***` in place of every secret of this process, and of the headers in small letters: host names have no others. */
  redact(text: string): string {
    let redacted = redact(text);
    for (const value of this.#headers) redacted = redacted.replaceAll(value.toLowerCase(), '***');
    return redacted;
  }

  /** Whether an answer repeats an `Authorization` header that was sent. */
  areIn(answer: Buffer): boolean {
    return [...this.#headers].some((value) => answer.includes(value));
  }
}
