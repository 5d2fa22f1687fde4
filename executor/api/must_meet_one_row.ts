import type { Kysely } from "kysely";
import type { RowCondition } from "./change_rows.ts";
import type { KeySearch } from "./find_key.ts";

/**
 * Throws if several rows of a table have the same key: for tables of which the catalog does not say
 * that the key is unique.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param search the table, its key, and what makes the error
 * @param condition which rows are looked at
 * @throws what `search.invalid` makes
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { mustMeetOneRow } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table items (id int)");
 * database.exec("insert into items values (1), (2), (2)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const search = { table: "items", columns: ["id"], invalid: (text: string) => new Error(text) };
 * await mustMeetOneRow(db, search, (eb) => eb("id", "=", 1));
 * await assert.rejects(mustMeetOneRow(db, search, (eb) => eb("id", "=", 2)), /the same "id"/);
 * await db.destroy();
 * ```
 */
export async function mustMeetOneRow(
  executor: Kysely<any>,
  { table, columns, invalid }: KeySearch & { readonly columns: readonly string[] },
  condition: RowCondition,
): Promise<void> {
  const qualified = columns.map((column) => `${table}.${column}`);
  const shared = await executor.selectFrom(table).select(qualified).where(condition)
    .groupBy(qualified).having((eb) => eb.fn.countAll(), ">", 1).execute();
  if (shared.length === 0) return;
  throw invalid(
    `several rows have the same ${columns.map((column) => `"${column}"`).join(", ")}; ` +
      "pass a condition, or give the table a primary key",
  );
}
