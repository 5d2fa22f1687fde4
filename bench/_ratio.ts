/**
 * Times pieces of code against each other.
 *
 * Benchmark libraries time one task after the other; on a machine whose speed drifts, that makes a
 * ratio of the drift. Here the sides take turns in rounds of a fraction of a millisecond, and the
 * ratio is the median of the rounds' own ratios.
 *
 * @module
 */

/** What is timed: synchronous code, or code that has to be waited for. */
export type Run = () => unknown;

/** How long to measure. */
export interface Effort {
  /** How many times each side has its turn. */
  readonly rounds: number;
  /** Calls in a turn. */
  readonly calls: number;
}

/** A side, timed. */
export interface Timed {
  /** Microseconds a call: the median over the rounds. */
  readonly microseconds: number;
  /** This side's time by the first side's: the median over the rounds. */
  readonly ratio: number;
}

/** Times synchronous code; the first side is the one that the others are divided by. */
export function compare(sides: readonly Run[], { rounds, calls }: Effort): Timed[] {
  const times = sides.map((): number[] => []);
  for (let round = -warmUp(rounds); round < rounds; round++) {
    for (const i of turns(sides.length, round)) {
      const run = sides[i]!;
      const start = performance.now();
      for (let call = 0; call < calls; call++) run();
      if (round >= 0) times[i]!.push((performance.now() - start) / calls);
    }
  }
  return times.map((side) => summary(side, times[0]!));
}

/** {@linkcode compare}, for code that has to be waited for; a side may be left out, but the first. */
export async function compareAsync(
  sides: readonly (Run | undefined)[],
  { rounds, calls }: Effort,
): Promise<(Timed | undefined)[]> {
  const times = sides.map((): number[] => []);
  for (let round = -warmUp(rounds); round < rounds; round++) {
    for (const i of turns(sides.length, round)) {
      const run = sides[i];
      if (run === undefined) continue;
      const start = performance.now();
      for (let call = 0; call < calls; call++) await run();
      if (round >= 0) times[i]!.push((performance.now() - start) / calls);
    }
  }
  return times.map((side) => side.length === 0 ? undefined : summary(side, times[0]!));
}

function warmUp(rounds: number): number {
  return Math.ceil(rounds / 5);
}

/** The order of a round: each side comes first as often as the others. */
function turns(count: number, round: number): number[] {
  return Array.from({ length: count }, (_, i) => (((i + round) % count) + count) % count);
}

function summary(times: readonly number[], first: readonly number[]): Timed {
  return {
    microseconds: median(times) * 1_000,
    ratio: median(times.map((time, round) => time / first[round]!)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
