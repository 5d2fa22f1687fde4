/**
 * A repository with soft delete, and a prepared query, next to what else one could have written: bare
 * Kysely with the conditions by hand, the driver itself, and Drizzle.
 *
 * All of them use one driver, on the same tables in a database of their own, and give the same rows.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Case, Group } from "./_case.ts";
import { compareAsync, type Effort, type Run } from "./_ratio.ts";
import { IDS, newUsers, type Work, type Worker } from "./_work.ts";

/** A case: what is done, how it is timed, and the most that it may cost. */
interface Task {
  readonly name: string;
  readonly budget: number | undefined;
  readonly effort: Effort;
  /** Makes what is run; each side has its own, so that they do the same in the same order. */
  make(work: Work): Run | undefined;
}

const ROW: Effort = { rounds: 120, calls: 20 };
const LIST: Effort = { rounds: 120, calls: 8 };
const BULK: Effort = { rounds: 40, calls: 1 };

const oneRow = { name: "new", org_id: 3, deleted_at: null };
const thousand = newUsers(1_000);
/** Lengths that no plan is kept for, around a thousand. */
const lists = Array.from({ length: 401 }, (_, i) => newUsers(800 + (i * 173) % 401));

const tasks = (join: number | undefined): readonly Task[] => [
  {
    name: "findById",
    budget: 1,
    effort: ROW,
    make: ({ findById }) => findById && (() => findById(11)),
  },
  {
    name: "find, 5 rows",
    budget: 1.05,
    effort: LIST,
    make: ({ find }) => find && (() => find(3, 950)),
  },
  {
    name: "findAll, 100 rows",
    budget: 1.05,
    effort: LIST,
    make: ({ findAll }) => findAll && (() => findAll()),
  },
  {
    name: "create",
    budget: 1,
    effort: ROW,
    make: ({ create }) => create && (() => create(oneRow)),
  },
  {
    name: "update",
    budget: 1,
    effort: ROW,
    make: ({ update }) => update && (() => update(11, "x")),
  },
  {
    name: "bulkCreate, 1,000 rows",
    budget: 1.05,
    effort: BULK,
    make: ({ bulkCreate }) => bulkCreate && (() => bulkCreate(thousand)),
  },
  {
    name: "bulkCreate, 800 to 1,200 rows",
    budget: 1.05,
    effort: BULK,
    make({ bulkCreate }) {
      let next = 0;
      return bulkCreate && (() => bulkCreate(lists[next++ % lists.length]!));
    },
  },
  {
    name: "prepareQuery, join of three",
    budget: join,
    effort: LIST,
    make: ({ join }) => join && (() => join(IDS)),
  },
];

/**
 * The cases of one database.
 *
 * @param workers the sides: bare Kysely first, then Kysera, then others
 * @param join the most that the prepared join may cost
 */
export async function sideBySide(
  title: string,
  workers: readonly Worker[],
  join: number | undefined,
): Promise<Group> {
  const clean = async () => {
    for (const worker of workers) await worker.clean();
  };
  const cases: Case[] = [];
  for (const { name, budget, effort, make } of tasks(join)) {
    const sides = workers.map(({ work, name: who }) => {
      // Drizzle's prepared statement is for one length.
      const isFixed = name.includes("800") && who === "Drizzle prepared";
      return isFixed ? undefined : make(work);
    });
    await clean();
    const expected = plain(await sides[0]!());
    for (const [i, side] of sides.entries()) {
      if (i === 0 || side === undefined) continue;
      assert.deepEqual(plain(await side()), expected, `${name}: ${workers[i]!.name} differs`);
    }
    cases.push({
      name,
      budget,
      warmUp: () => compareAsync(sides, { ...effort, rounds: 5 }),
      async time() {
        await clean();
        return await compareAsync(sides, effort);
      },
    });
  }
  await clean();
  return {
    title,
    sides: workers.map(({ name }) => name),
    cases,
    async close() {
      for (const worker of workers) await worker.close();
    },
  };
}

/** Some drivers give rows without a prototype. */
function plain(result: unknown): unknown {
  return Array.isArray(result) ? result.map(plain) : Object.assign({}, result);
}
