/**
 * A repository with soft delete, and a prepared query, next to what else one could have written: bare
 * Kysely with the conditions by hand, the driver itself, and other libraries.
 *
 * All of them use one driver, on the same tables in a database of their own, and give the same rows.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Run, Sides } from "../_ratio.ts";
import { type Row, timed } from "../_row.ts";
import { IDS, newUsers, type Work, type Worker } from "./_work.ts";

/** What is done, and the most that it may cost. */
interface Task {
  readonly budget: number | undefined;
  readonly turns?: number;
  /** Makes what is run; each side has its own, so that they do the same in the same order. */
  make(work: Work): Run | undefined;
}

/** The sides: bare Kysely first, then Kysera, then others. */
export interface SideBySide {
  readonly workers: readonly Worker[];
  close(): Promise<void>;
}

const oneRow = { name: "new", org_id: 3, deleted_at: null };
const thousand = newUsers(1_000);
/** Lengths that no plan is kept for, around a thousand. */
const lists = Array.from({ length: 401 }, (_, i) => newUsers(800 + (i * 173) % 401));

const tasks = (join: number): Readonly<Record<string, Task>> => ({
  "find-by-id": {
    budget: 0.9,
    make: ({ findById }) => findById && (() => findById(11)),
  },
  "find-5": {
    budget: 1.05,
    make: ({ find }) => find && (() => find(3, 950)),
  },
  "list-100": {
    budget: 0.95,
    make: ({ findAll }) => findAll && (() => findAll()),
  },
  "create": {
    budget: 1,
    make: ({ create }) => create && (() => create(oneRow)),
  },
  "update": {
    budget: 1,
    make: ({ update }) => update && (() => update(11, "x")),
  },
  "bulk-1000": {
    budget: 1.05,
    make: ({ bulkCreate }) => bulkCreate && (() => bulkCreate(thousand)),
  },
  "bulk-800-to-1200": {
    budget: 1.05,
    make({ bulkCreate, isFixedLength }) {
      let next = 0;
      if (bulkCreate === undefined || isFixedLength) return undefined;
      return () => bulkCreate(lists[next++ % lists.length]!);
    },
  },
  "join-prepared": {
    budget: join,
    make: ({ join }) => join && (() => join(IDS)),
  },
});

/**
 * The rows of one database.
 *
 * @param join the most that the prepared join may cost
 */
export function sideBySide(join: number): Readonly<Record<string, Row<SideBySide>>> {
  return Object.fromEntries(
    Object.entries(tasks(join)).map((
      [name, { budget, make }],
    ): [string, Row<SideBySide>] => [name, {
      budget,
      async sides({ workers }, form) {
        const clean = async () => {
          for (const worker of workers) await worker.clean();
        };
        await clean();
        const runs = workers.map(({ work }) => make(work));
        const expected = plain(await runs[0]!());
        for (const [i, run] of runs.entries()) {
          if (i === 0 || run === undefined) continue;
          assert.deepEqual(plain(await run()), expected, `${name}: ${workers[i]!.name} differs`);
        }
        return await timed(runs as unknown as Sides<Run>, form, clean);
      },
    }]),
  );
}

/** Some drivers give rows without a prototype. */
function plain(result: unknown): unknown {
  return Array.isArray(result) ? result.map(plain) : Object.assign({}, result);
}
