import type { Answer } from './answer.ts';
import { judge } from './judge.ts';
import { type ObserveOptions, observe } from './observe.ts';

/** What `mirror` looks at before it starts. */
export interface ShortPreflight {
  /** Answers that are not ok. */
  readonly problems: readonly Answer[];
  /** Whether no image can be copied: the target refuses the login or the push. */
  readonly blocks: boolean;
}

/**
 * Asks each server about one image and starts one upload. Only what the target itself refuses stops the mirror: with one
 * source less it copies the rest, and skopeo may reach servers by registries.conf and certs.d, which are not read here.
 */
export async function shortPreflight(options: Omit<ObserveOptions, 'short'>): Promise<ShortPreflight> {
  const { plan, config } = options;
  const answers = judge(await observe({ ...options, short: true }), plan, config);
  const targets = new Set(plan.relocations.map(({ target }) => target.registry));
  const problems = answers.filter(({ result }) => result !== 'ok');
  const blocks = problems.some(
    ({ about, check, result }) =>
      result === 'failed' && targets.has(about) && (check === 'login' || check === 'push'),
  );
  return { problems, blocks };
}
