/**
 * Times two pieces of code against each other.
 *
 * Benchmark libraries time one task after the other; on a machine whose speed drifts, that makes a
 * ratio of the drift. Here the sides take turns in short rounds, and the ratio is the median of the
 * rounds' own ratios.
 *
 * @module
 */

/** Sides to be timed; the first is the one that the others are divided by. */
export type Sides = readonly [name: string, run: () => unknown][];

/** One side, after it was timed. */
export interface Timed {
  readonly name: string;
  /** Microseconds a call, of the fastest round. */
  readonly microseconds: number;
  /** This side's time by the first side's: the median over the rounds. */
  readonly ratio: number;
}

/** Times synchronous code. */
export function compare(sides: Sides, rounds = 25, calls = 2_000): Timed[] {
  const once = (run: () => unknown): number => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) run();
    return (performance.now() - start) / calls * 1_000;
  };
  for (const [, run] of sides) for (let i = 0; i < 3; i++) once(run);
  const times = sides.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    sides.forEach(([, run], i) => times[i]!.push(once(run)));
  }
  return summary(sides, times);
}

/** Times code that has to be waited for. */
export async function compareAsync(sides: Sides, rounds = 15, calls = 1_000): Promise<Timed[]> {
  const once = async (run: () => unknown): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) await run();
    return (performance.now() - start) / calls * 1_000;
  };
  for (const [, run] of sides) for (let i = 0; i < 3; i++) await once(run);
  const times = sides.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < sides.length; i++) times[i]!.push(await once(sides[i]![1]));
  }
  return summary(sides, times);
}

function summary(sides: Sides, times: readonly number[][]): Timed[] {
  return sides.map(([name], i) => ({
    name,
    microseconds: Math.min(...times[i]!),
    ratio: median(times[i]!.map((time, round) => time / times[0]![round]!)),
  }));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
