import type { Kysely } from "kysely";
import { inMode, instanceOf } from "../instance/_graft.ts";
import type { OpenRun } from "../instance/_guarded_executor.ts";

/**
 * Builds and starts a query as one run, so that what plugins read of the caller is read once for
 * both: row-level security asks its `contextProvider` once. The `execute()` of a builder is such a run
 * by itself. A query that is compiled and run in two steps is compared with the caller in the second
 * one, for which the provider is asked again.
 *
 * @param executor an executor, any instance of it, or a plain Kysely
 * @param start builds a query on the instance it is given and starts it, before it returns or waits
 * for anything; afterwards the instance is like `executor`
 * @returns what `start` returns
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, inOneRun } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key)");
 * const db = new Kysely<{ users: { id: number } }>({ dialect: nodeSqliteDialect({ database }) });
 * const executor = await createExecutor(db, []);
 * const rows = await inOneRun(executor, (db) => db.selectFrom("users").selectAll().execute());
 * deepEqual(rows, []);
 * await db.destroy();
 * ```
 */
export function inOneRun<K extends Kysely<any>, T>(executor: K, start: (executor: K) => T): T {
  const instance = instanceOf(executor);
  // Where nobody may become another caller, each read gives the same.
  if (
    instance === undefined || !instance.rules.callerMayChange || instance.openRun !== undefined
  ) {
    return start(executor);
  }
  const open: OpenRun = { run: {} };
  try {
    return start(inMode(executor, { mode: "run", open }));
  } finally {
    open.run = undefined;
  }
}
