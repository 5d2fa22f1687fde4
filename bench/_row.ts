import type { Server } from "./_servers.ts";
import { asyncTurnsOf, type Clock, type Run, type Sides, type Turn, turnsOf } from "./_ratio.ts";

/** How much is measured, and by what. */
export interface Form {
  /** Whether there are as many rows and tables as the budgets are about. */
  readonly full: boolean;
  /** What turns are timed by. */
  readonly clock: Clock;
}

/** One line of the benchmark: what is measured, and the most that it may come to. */
export interface Row<World> {
  /** The most that the ratio of the second side to the first may be; without one it is told only. */
  readonly budget?: number | undefined;
  /** Another budget, where the ratio is not what matters: the value itself, in the unit. */
  readonly most?: number;
  /** What a turn gives; default microseconds a call. */
  readonly unit?: string;
  /** The least number of turns; for rows whose turns take long. */
  readonly turns?: number;
  /** The turns of the sides, by {@linkcode timed} or {@linkcode timedSync}. */
  readonly sides: (world: World, form: Form) => Sides<Turn> | Promise<Sides<Turn>>;
}

/** Rows that need the same tables. */
export interface Group {
  /** What `--only` takes, and with `/` and the name of a row the row alone. */
  readonly name: string;
  readonly title: string;
  /** What is divided by, what has the budget, and what is shown beside them. */
  readonly sides: readonly string[];
  readonly needs: Server | undefined;
  readonly rows: Readonly<Record<string, Omit<Row<never>, "sides">>>;
  readonly mixed: boolean;
  /** Opens what the rows need. */
  open(form: Pick<Form, "full">): Promise<OpenGroup>;
}

/** A group whose tables are there. */
export interface OpenGroup {
  turns(row: string): Promise<Sides<Turn>>;
  close(): Promise<void>;
}

/** What a group is made of. */
export interface GroupOptions<World> {
  readonly name: string;
  readonly title: string;
  readonly sides: readonly string[];
  readonly needs?: Server;
  /**
   * Whether all rows are run a little before one is measured: code that has seen one query only is
   * faster than that of any program.
   */
  readonly mixed?: boolean;
  readonly rows: Readonly<Record<string, Row<World>>>;
  readonly open: (form: Form) => World | Promise<World>;
  readonly close?: (world: World) => unknown;
}

/** Makes a group; its rows are known before anything is opened, so that one can be run alone. */
export function group<World>(options: GroupOptions<World>): Group {
  const { name, title, sides, needs, mixed = false, rows, open, close } = options;
  return {
    name,
    title,
    sides,
    needs,
    rows,
    mixed,
    async open({ full }) {
      const form: Form = { full, clock: needs === undefined ? "processor" : "wall" };
      const world = await open(form);
      return {
        turns: async (row) => await rows[row]!.sides(world, form),
        close: async () => void await close?.(world),
      };
    },
  };
}

/** Sides that are waited for; `clean` is called before they are timed. */
export async function timed(
  runs: Sides<Run>,
  { clock }: Form,
  clean?: () => unknown,
): Promise<Sides<Turn>> {
  await clean?.();
  for (const run of runs) for (let i = 0; i < 20; i++) await run?.();
  const turns = await asyncTurnsOf(runs, clock);
  await clean?.();
  return turns;
}

/** Synchronous sides. */
export function timedSync(runs: Sides<Run>): Sides<Turn> {
  for (const run of runs) for (let i = 0; i < 20; i++) run?.();
  return turnsOf(runs);
}
