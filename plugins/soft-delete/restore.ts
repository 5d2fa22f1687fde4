import {
  type AnyKysely,
  changeRowsBy,
  kyselyOf,
  physicalTable,
  type RowSelector,
  withMetadata,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import { ACT, Act } from "./_flags.ts";
import { onlyDeleted } from "./only_deleted.ts";
import { invalidKey, mustBeSoftDeleted } from "./_state.ts";

/**
 * Makes deleted rows visible again. It is an UPDATE, in which every other plugin of the executor
 * has its say; rows that are not deleted, or that another plugin hides, are left.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param table the table
 * @param rows the key of a row, several keys, or a condition. More than 500 keys are more than one
 * statement, in one transaction; on D1 more than 5,000, in one batch
 * @returns how many rows were restored
 * @throws {SoftDeleteError} where soft delete does not apply to the table, or a key is not one of
 * its; where the caller may not restore a row that was deleted with them: nothing is changed
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { restore, softDeletePlugin } from "@kysera/soft-delete";
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
 * const executor = await createExecutor(db, [softDeletePlugin()]);
 *
 * assert.equal(await restore(executor, "users", [1, 2]), 1);
 * assert.equal((await executor.selectFrom("users").select("id").execute()).length, 2);
 * await db.destroy();
 * ```
 */
export function restore<DB, T extends keyof DB & string>(
  executor: AnyKysely<DB>,
  table: T,
  rows: NoInfer<RowSelector<DB, T>>,
): Promise<number> {
  return run(kyselyOf(executor), table, rows);
}

// The caller's types know the tables; inside, the name of any will do.
async function run(executor: Kysely<any>, table: string, rows: unknown): Promise<number> {
  const plugin = mustBeSoftDeleted(executor, table, "restore");
  const tree = plugin.treeOf(physicalTable(executor, table));
  if (tree !== undefined && tree.cascades.length > 0) {
    const { restoreTree } = await import("./_cascade.ts");
    return await restoreTree(executor, { hooks: plugin, tree, table, rows });
  }
  const restoring = withMetadata(executor, { [ACT]: Act.restore });
  const key = plugin.keyOf({ name: table });
  return await changeRowsBy(
    restoring,
    { table, key, rows, seen: onlyDeleted, invalid: invalidKey },
    (handle, where) =>
      handle.updateTable(table)
        .set({
          [plugin.column]: plugin.visible,
          ...plugin.hasDeletionId(physicalTable(executor, table))
            ? { [plugin.deletionColumn]: null }
            : {},
        })
        .where(where),
  );
}
