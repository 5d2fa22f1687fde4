/**
 * Times pieces of code against each other.
 *
 * The sides take turns of about a millisecond, one after the other, until the row has had its time.
 * A turn that was interrupted says something of the machine and nothing of the code, so a side is
 * told by its best turn and by its 10th percentile, never by the best of several whole measurements:
 * every turn counts, and what they vary by is printed.
 *
 * @module
 */

import process from "node:process";

/** What is timed: synchronous code, or code that has to be waited for. */
export type Run = () => unknown;

/** One turn of a side; the value, of which less is better, is in the unit of its row. */
export type Turn = () => number | Promise<number>;

/** How long a row is measured. */
export interface Effort {
  /** Seconds for all sides together. */
  readonly seconds: number;
  /** The least number of turns of each side, however long they take. */
  readonly turns: number;
}

/** What the turns of one side were. */
export interface Measured {
  readonly best: number;
  /** The 10th percentile. */
  readonly p10: number;
  readonly median: number;
  /** Against the first side: the best turns, and the 10th percentiles. */
  readonly ratio: { readonly best: number; readonly p10: number };
  /** The middle half of the ratios of turns that came after each other. */
  readonly spread: readonly [number, number];
  readonly turns: number;
}

/** The sides of a row: the first is what the others are divided by; a side may be left out. */
export type Sides<T> = readonly [T, T, ...(T | undefined)[]];

const TURN_MS = 1;
const MOST_CALLS = 10_000;

/** Measures the sides turn by turn. */
export async function measure(
  sides: Sides<Turn>,
  { seconds, turns }: Effort,
): Promise<(Measured | undefined)[]> {
  const values = sides.map((): number[] => []);
  const end = performance.now() + seconds * 1_000;
  for (let round = 0; round < turns || performance.now() < end; round++) {
    // Each side comes first as often as the others.
    for (let i = 0; i < sides.length; i++) {
      const at = (i + round) % sides.length;
      const value = sides[at]?.();
      if (value !== undefined) values[at]!.push(typeof value === "number" ? value : await value);
    }
  }
  return values.map((side) => side.length === 0 ? undefined : summary(side, values[0]!));
}

/**
 * What a turn is timed by: the processor's time where all of it passes in this process, which is the
 * same however busy the machine is; and the time on the wall where a server has a part in it.
 */
export type Clock = "processor" | "wall";

/** Microseconds of a clock. */
const NOW: Readonly<Record<Clock, () => number>> = {
  processor() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  wall: () => performance.now() * 1_000,
};

/** Turns of synchronous code; all sides have as many calls in a turn. */
export function turnsOf(runs: Sides<Run>): Sides<Turn> {
  const now = NOW.processor;
  const timed = (run: Run, calls: number): number => {
    const start = now();
    for (let call = 0; call < calls; call++) run();
    return (now() - start) / calls;
  };
  const calls = callsFor(fastest([timed(runs[0], 1), timed(runs[0], 3), timed(runs[0], 10)]));
  return each(runs, (run) => () => timed(run, calls));
}

/** {@linkcode turnsOf} code that has to be waited for. */
export async function asyncTurnsOf(runs: Sides<Run>, clock: Clock): Promise<Sides<Turn>> {
  const now = NOW[clock];
  const timed = async (run: Run, calls: number): Promise<number> => {
    const start = now();
    for (let call = 0; call < calls; call++) await run();
    return (now() - start) / calls;
  };
  const first = runs[0];
  const calls = callsFor(
    fastest([await timed(first, 1), await timed(first, 3), await timed(first, 10)]),
  );
  return each(runs, (run) => () => timed(run, calls));
}

function callsFor(microseconds: number): number {
  return Math.min(MOST_CALLS, Math.max(1, Math.round(TURN_MS * 1_000 / microseconds)));
}

function fastest(values: readonly number[]): number {
  return Math.max(Math.min(...values), 0.05);
}

function each<T, U>(sides: Sides<T>, make: (side: T) => U): Sides<U> {
  const [first, second, ...others] = sides;
  return [make(first), make(second), ...others.map((side) => side && make(side))];
}

function summary(values: readonly number[], first: readonly number[]): Measured {
  const ratios = values.map((value, round) => value / first[round]!);
  return {
    best: percentile(values, 0),
    p10: percentile(values, 0.1),
    median: percentile(values, 0.5),
    ratio: {
      best: percentile(values, 0) / percentile(first, 0),
      p10: percentile(values, 0.1) / percentile(first, 0.1),
    },
    spread: [percentile(ratios, 0.25), percentile(ratios, 0.75)],
    turns: values.length,
  };
}

/** A percentile of values, by the nearest rank. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}
