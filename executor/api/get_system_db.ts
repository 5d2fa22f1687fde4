import type { Kysely } from "kysely";
import { beneath, instanceOf } from "../instance/_graft.ts";

/**
 * Returns the database past the plugins, for what a package asks of the catalog or the session. Unlike
 * that of {@linkcode getRawDb}, its queries are subject to the executor's `acquireTimeout`.
 *
 * @param executor the executor, or any instance of it; a plain Kysely is given back as it is
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getSystemDb } from "@kysera/executor";
 * import { Kysely, sql } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [], { rawSql: "deny" });
 * const { rows } = await sql`select 1 as one`.execute(getSystemDb(executor));
 * deepEqual(rows, [{ one: 1 }]);
 * await db.destroy();
 * ```
 */
export function getSystemDb(executor: Kysely<any>): Kysely<any> {
  return instanceOf(executor) === undefined ? executor : beneath(executor);
}
