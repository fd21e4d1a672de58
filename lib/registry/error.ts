import { printable } from '../input/quote.ts';

/** Longest message, in characters: part of it may come from a server. */
const MAX_MESSAGE = 600;

/**
 * Why a registry gave no usable answer. The message names the server and the cause, and never holds a credential or
 * a character that can change what a terminal shows. An image that does not exist is not an error.
 */
export class RegistryError extends Error {
  /**
   * unreachable: no answer. interrupted: an answer that ended early. unauthorized: the credential, or its absence, was
   * refused. rate-limited: too many requests (429). unexpected: any other answer.
   */
  readonly kind: 'unreachable' | 'interrupted' | 'unauthorized' | 'rate-limited' | 'unexpected';
  /** The HTTP status, if the registry answered. */
  readonly status?: number;

  constructor(kind: RegistryError['kind'], message: string, status?: number) {
    const text = printable(message);
    super(text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE - 1)}…` : text);
    this.name = 'RegistryError';
    this.kind = kind;
    if (status !== undefined) this.status = status;
  }
}
