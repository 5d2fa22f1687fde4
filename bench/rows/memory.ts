/**
 * What stays in memory after many queries, each of another caller: the heap after a collection, in
 * megabytes per hundred thousand queries.
 *
 * @module
 */
import { nodeSqliteDialect } from "@kysera/dialects";
import { bindContext } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import { Kysely } from "kysely";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import type { Turn } from "../_ratio.ts";
import { type Group, group, type Row } from "../_row.ts";
import { MINE, type TaskDatabase, taskExecutor, taskTable } from "./_tasks.ts";

const QUERIES = { full: 100_000, short: 10_000 };
/** Megabytes that a hundred thousand queries may leave: the noise of a heap, and no more. */
const AT_MOST = 1;

interface World {
  readonly hand: Kysely<TaskDatabase>;
  readonly ours: Kysely<TaskDatabase>;
}
type Query = (number: number) => Promise<unknown>;

/** The heap's growth in a turn; what caches take is there after the first turn. */
async function growth(queries: number, query: Query): Promise<Turn> {
  let number = 0;
  const run = async () => {
    for (let i = 0; i < queries; i++) await query(++number);
  };
  await run();
  return async () => {
    const before = heap();
    await run();
    return (heap() - before) / 2 ** 20 * (QUERIES.full / queries);
  };
}

function heap(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Cannot measure memory: run with --v8-flags=--expose-gc");
  // What finalizers release is free after the next collection.
  for (let i = 0; i < 3; i++) gc();
  return process.memoryUsage().heapUsed;
}

const row = (make: (ours: Kysely<TaskDatabase>) => Query): Row<World> => ({
  most: AT_MOST,
  unit: "MB",
  turns: 3,
  async sides({ hand, ours }, { full }) {
    const queries = full ? QUERIES.full : QUERIES.short;
    return [
      await growth(queries, (number) =>
        hand.selectFrom("tasks").selectAll().where("id", "=", MINE)
          .where("org_id", "=", number).executeTakeFirst()),
      await growth(queries, make(ours)),
    ];
  },
});

const caller = (number: number) => ({
  auth: { userId: number, tenantId: number % 100, roles: ["member"] },
});

/** On SQLite, under four plugins. */
export const memoryGroups: readonly Group[] = [
  group<World>({
    name: "memory",
    title: "Growth of the heap per 100,000 queries of as many callers, in-memory SQLite",
    sides: ["Kysely", "plugins"],
    rows: {
      "find-by-id": row((ours) => {
        const tasks = createRepository(ours, { tableName: "tasks" });
        return (number) => tasks.on(bindContext(ours, caller(number))).findById(MINE);
      }),
      "built": row((ours) => (number) =>
        bindContext(ours, caller(number)).selectFrom("tasks").selectAll().where("id", "=", MINE)
          .executeTakeFirst()
      ),
      // As many different queries: nothing may be kept of each.
      "built-differently": row((ours) => (number) =>
        ours.selectFrom("tasks").select((eb) => eb.lit(number).as(`n${number}`))
          .where("id", "=", MINE).executeTakeFirst()
      ),
    },
    async open() {
      const database = new DatabaseSync(":memory:");
      for (const statement of taskTable("sqlite")) database.exec(statement);
      return {
        hand: new Kysely<TaskDatabase>({ dialect: nodeSqliteDialect({ database }) }),
        ours: await taskExecutor(nodeSqliteDialect({ database })),
      };
    },
    close: ({ hand }) => hand.destroy(),
  }),
];
