import type { Timed } from "./_ratio.ts";

/** One line of the benchmark. */
export interface Case {
  readonly name: string;
  /** The most that the ratio may be; without one it is told only. */
  readonly budget: number | undefined;
  /** Whether the budget itself is too much: "faster than", where others are "at most". */
  readonly strict?: boolean;
  /** Runs both sides a little, so that no case is timed on code that has seen nothing else. */
  warmUp(): unknown;
  /** The side that is divided by, the side that has the budget, and others to show beside them. */
  time(): (Timed | undefined)[] | Promise<(Timed | undefined)[]>;
}

/** Cases under one heading. */
export interface Group {
  readonly title: string;
  /** What the columns of times are, in the order of the sides. */
  readonly sides: readonly string[];
  readonly cases: readonly Case[];
  close?(): Promise<void>;
}
