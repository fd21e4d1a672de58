/** Random choices that a number makes again: the same seed, the same choices. */
export interface Random {
  /** A whole number from `least` to `most`. */
  readonly int: (least: number, most: number) => number;
  readonly pick: <T>(choices: readonly T[]) => T;
  /** A list of `count` values. */
  readonly many: <T>(count: number, make: (value: undefined, index: number) => T) => T[];
}

/** Choices from a seed, by the generator mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed * 0x9e3779b9;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    int,
    pick: (choices) => choices[int(0, choices.length - 1)] as (typeof choices)[number],
    many: (count, make) => Array.from({ length: count }, make),
  };
}
