import type { SelectQueryBuilder } from "kysely";
import { count } from "./_count.ts";
import { inspect } from "./_query.ts";

/**
 * Counts the rows that a query would give, whatever it is made of: GROUP BY, DISTINCT, HAVING,
 * UNION and LIMIT count as they do when the query itself runs. Its order does not matter.
 *
 * @param query The query.
 * @returns How many rows it has.
 * @throws {BadRequestError} If `query` is not a SELECT.
 *
 * @example
 * ```ts
 * import { executeCount } from "@kysera/core";
 * import Database from "better-sqlite3";
 * import { Kysely, SqliteDialect } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ visits: { page: string } }>({
 *   dialect: new SqliteDialect({ database: new Database(":memory:") }),
 * });
 * await db.schema.createTable("visits").addColumn("page", "text").execute();
 * await db.insertInto("visits").values([{ page: "/" }, { page: "/" }, { page: "/a" }]).execute();
 *
 * assert.equal(await executeCount(db.selectFrom("visits").selectAll()), 3);
 * assert.equal(await executeCount(db.selectFrom("visits").select("page").distinct()), 2);
 * await db.destroy();
 * ```
 */
export async function executeCount<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
): Promise<number> {
  return await count(query, inspect(query, "count rows"));
}
