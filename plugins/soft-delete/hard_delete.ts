import {
  type AnyKysely,
  changeRowsBy,
  kyselyOf,
  type RowSelector,
  withMetadata,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import { ACT, Act } from "./_flags.ts";
import { withDeleted } from "./with_deleted.ts";
import { invalidKey, mustBeSoftDeleted } from "./_state.ts";

/**
 * Removes rows for good, whether they are deleted or not, and whatever `onDelete` says. It is a
 * DELETE, in which every other plugin of the executor has its say. With `onlyDeleted(executor)` it
 * removes deleted rows only.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param table the table
 * @param rows the key of a row, several keys, or a condition. More than 500 keys are more than one
 * statement, in one transaction; on D1 more than 5,000, in one batch
 * @returns how many rows were removed
 * @throws {SoftDeleteError} where soft delete does not apply to the table, or a key is none
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { hardDelete, onlyDeleted, softDeletePlugin } from "@kysera/soft-delete";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text, deleted_at text)");
 * database.exec("insert into users (name, deleted_at) values ('Ada', '2026-01-31'), ('Grace', null)");
 *
 * interface Database {
 *   users: { id: number; name: string; deleted_at: string | null };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const executor = await createExecutor(db, [softDeletePlugin({ onDelete: "deny" })]);
 *
 * assert.equal(await hardDelete(onlyDeleted(executor), "users", [1, 2]), 1);
 * assert.equal(await hardDelete(executor, "users", 2), 1);
 * await db.destroy();
 * ```
 */
export function hardDelete<DB, T extends keyof DB & string>(
  executor: AnyKysely<DB>,
  table: T,
  rows: NoInfer<RowSelector<DB, T>>,
): Promise<number> {
  return run(kyselyOf(executor), table, rows);
}

// The caller's types know the tables; inside, the name of any will do.
async function run(executor: Kysely<any>, table: string, rows: unknown): Promise<number> {
  const key = mustBeSoftDeleted(executor, table, "hard-delete").keyOf({ name: table });
  const removing = withMetadata(executor, { onDelete: "hard", [ACT]: Act.hardDelete });
  return await changeRowsBy(
    removing,
    { table, key, rows, seen: withDeleted, invalid: invalidKey },
    (handle, where) => handle.deleteFrom(table).where(where),
  );
}
