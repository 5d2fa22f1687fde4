import {
  type AnyKysely,
  changeRowsBy,
  kyselyOf,
  physicalTable,
  type RowSelector,
  withMetadata,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import { marked } from "./_mark_rows.ts";
import { invalidKey, mustBeSoftDeleted } from "./_state.ts";

/**
 * Marks rows as deleted. It is what `deleteFrom` does under `onDelete: "soft"`, so every other
 * plugin of the executor has its say; rows that are marked already, or that another plugin hides,
 * are left.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param table the table
 * @param rows the key of a row, several keys, or a condition. More than 500 keys are more than one
 * statement, in one transaction; on D1 more than 5,000, in one batch
 * @returns how many rows were marked
 * @throws {SoftDeleteError} where soft delete does not apply to the table, or a key is none; where rows
 * belong to them by a relation that restricts, or that the caller may not delete: nothing is changed
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { softDelete, softDeletePlugin } from "@kysera/soft-delete";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text, deleted_at text)");
 * database.exec("insert into users (name) values ('Ada'), ('Grace'), ('Edsger')");
 *
 * interface Database {
 *   users: { id: number; name: string; deleted_at: string | null };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const executor = await createExecutor(db, [softDeletePlugin()]);
 *
 * assert.equal(await softDelete(executor, "users", 1), 1);
 * assert.equal(await softDelete(executor, "users", [1, 2]), 1);
 * assert.equal(await softDelete(executor, "users", (eb) => eb("name", "=", "Edsger")), 1);
 * await db.destroy();
 * ```
 */
export function softDelete<DB, T extends keyof DB & string>(
  executor: AnyKysely<DB>,
  table: T,
  rows: NoInfer<RowSelector<DB, T>>,
): Promise<number> {
  return run(kyselyOf(executor), table, rows);
}

// The caller's types know the tables; inside, the name of any will do.
async function run(executor: Kysely<any>, table: string, rows: unknown): Promise<number> {
  const hooks = mustBeSoftDeleted(executor, table, "soft-delete");
  const tree = hooks.treeOf(physicalTable(executor, table));
  if (tree !== undefined) {
    const { deleteTree } = await import("./_cascade.ts");
    return await deleteTree(executor, { hooks, tree, table, rows });
  }
  const key = hooks.keyOf({ name: table });
  const marking = withMetadata(executor, { onDelete: "soft" });
  return await changeRowsBy(
    marking,
    { table, key, rows, invalid: invalidKey },
    (handle, where) => marked(handle, table, where),
  );
}
