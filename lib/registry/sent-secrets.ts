import { base64Cores } from '../credentials/base64.ts';

/** Shorter forms would be found in innocent words. */
const SHORTEST = 4;

/**
 * What was sent to registries to log in: passwords, tokens, and the headers made of them. A server can repeat them in
 * anything that it answers; messages and results must not.
 */
export class SentSecrets {
  readonly #forms = new Set<string>();
  readonly #headers = new Set<string>();

  /** Remembers a password or token, in the forms in which it may come back. */
  add(secret: string): void {
    const forms = [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      ...base64Cores(secret),
    ];
    for (const form of forms.flatMap((it) => [it, it.replaceAll('+', '-').replaceAll('/', '_')])) {
      if (form.length >= SHORTEST) this.#forms.add(form);
    }
  }

  /** Remembers the part of an `Authorization` header behind its scheme. */
  addHeader(value: string): void {
    this.#headers.add(value.replace(/=+$/, ''));
    this.add(value);
  }

  /** The text with `***` in place of every secret, in capitals or not: host names lose theirs. */
  redact(text: string): string {
    // The longest first: one may hold another.
    const forms = [...this.#forms].sort((a, b) => b.length - a.length);
    if (forms.length === 0) return text;
    const any = forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|');
    return text.replace(new RegExp(any, 'gi'), '***');
  }

  /** Whether an answer repeats an `Authorization` header that was sent. Passwords alone may be innocent words. */
  areIn(answer: Buffer): boolean {
    return [...this.#headers].some((value) => answer.includes(value));
  }
}
