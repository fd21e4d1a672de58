const KIB = 1024;

/** The most bytes that an answer of a registry may have. Larger answers are errors. */
export const MAX_BYTES = {
  /** All headers of one answer. */
  headers: 16 * KIB,
  /** OCI distribution specification 1.1: registries should accept manifests of 4 MiB. */
  manifest: 4 * KIB * KIB,
  /** One page of a list of tags or referrers. */
  page: 2 * KIB * KIB,
  /** The answer of a token server. */
  token: 64 * KIB,
  /** The part of an error answer that is read. */
  error: 16 * KIB,
} as const;

/** The most pages of a list, and the most entries of all of them. */
export const MAX_PAGES = 200;
export const MAX_ENTRIES = 20_000;
export const MAX_REDIRECTS = 5;

/** Times in milliseconds. */
export interface Limits {
  /** Longest time for one request, from the connection to the last byte of the answer; of a blob, to its first byte. */
  readonly request: number;
  /** Longest time for one question with everything that it takes: logins, redirects, retries and their pauses. */
  readonly question: number;
  /** Pause before the first retry; it doubles with each retry. */
  readonly firstPause: number;
  /** Slowest accepted download of a blob, in bytes per second, on average. */
  readonly bytesPerSecond: number;
}

export const DEFAULT_LIMITS: Limits = {
  request: 60_000,
  question: 120_000,
  firstPause: 500,
  bytesPerSecond: 16 * KIB,
};

/** The time by which a question must have its answer. */
export class Deadline {
  readonly #end: number;
  #missed = false;

  constructor(milliseconds: number) {
    this.#end = performance.now() + milliseconds;
  }

  /** Milliseconds left; 0 when the time is up. */
  left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** Whether so many milliseconds are left. When they are not, the deadline counts as missed. */
  allows(milliseconds: number): boolean {
    if (this.left() > milliseconds) return true;
    this.#missed = true;
    return false;
  }

  get missed(): boolean {
    return this.#missed || this.left() === 0;
  }
}
