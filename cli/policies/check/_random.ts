/** Draws the same again for the same seed. */
export interface Random {
  /** Returns a whole number from 0 on, less than another one. */
  below(limit: number): number;
  /** Returns true in so many of a hundred cases. */
  chance(percent: number): boolean;
  /** Returns one of a list, which is not empty. */
  pick<T>(list: readonly T[]): T;
  uuid(): string;
}

/** Creates a source of random numbers (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick: (list) => list[below(list.length)]!,
    uuid: () =>
      "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replaceAll("x", () => below(16).toString(16)),
  };
}
