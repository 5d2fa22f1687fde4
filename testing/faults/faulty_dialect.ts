import type { Dialect } from "kysely";
import { FaultyDriver } from "./_faulty_driver.ts";
import type { FaultPlan } from "./fault_plan.ts";

/**
 * Returns a dialect whose driver calls fail, wait, or lose their connection where a plan says so.
 * Everything else goes to the real driver and the real database, so what follows from a fault (an
 * aborted transaction, a rollback, locks that are given back) is the database's own doing.
 *
 * Where a dialect has but one connection, to be had is not a call that can be struck.
 *
 * @param dialect the real dialect
 * @param plan asked before each call
 * @returns the dialect, for `new Kysely({ dialect })`
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { faultyDialect, InjectedFaultError } from "@kysera/testing";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table notes (text text)");
 *
 * const dialect = faultyDialect(
 *   nodeSqliteDialect({ database }),
 *   ({ kind }) => kind === "commit" ? { how: "cut", when: "after" } : undefined,
 * );
 * const db = new Kysely<{ notes: { text: string } }>({ dialect });
 *
 * const work = db.transaction().execute((trx) => trx.insertInto("notes").values({ text: "a" }).execute());
 * await assert.rejects(work, InjectedFaultError);
 * assert.equal((await db.selectFrom("notes").selectAll().execute()).length, 1); // it was committed
 * await db.destroy();
 * ```
 */
export function faultyDialect(dialect: Dialect, plan: FaultPlan): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => {
      // Kysely keeps the lock of an only connection that could not be had: nothing would run again.
      const hasOne = Reflect.get(dialect.createAdapter(), "supportsMultipleConnections") === false;
      return new FaultyDriver(dialect.createDriver(), plan, !hasOne);
    },
  };
}
