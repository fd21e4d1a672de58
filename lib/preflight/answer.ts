/** What is looked at, in the order of the output. */
export const CHECKS = [
  'name',
  'tls',
  'login',
  'read',
  'push',
  'test image',
  'images',
  'quota',
  'size',
  'clock',
  'skopeo',
] as const;
export type Check = (typeof CHECKS)[number];

/** One thing that was looked at. */
export interface Answer {
  /** A server, `this machine` or `the copy`. */
  readonly about: string;
  readonly check: Check;
  /** ok: the copy can go on. warning: it may fail, or something else may. failed: it would fail. */
  readonly result: 'ok' | 'warning' | 'failed';
  /** What was seen, one sentence without its full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Whether a copy would fail. */
export function wouldFail(answers: readonly Answer[]): boolean {
  return answers.some(({ result }) => result === 'failed');
}
