import {
  type AnyKysely,
  changeRowsBy,
  kyselyOf,
  type RowSelector,
  withMetadata,
} from "@kysera/executor";
import type { Kysely } from "kysely";
import { ACT, Act } from "./_flags.ts";
import { mustHaveColumn } from "./_state.ts";
import { TimestampsError } from "./errors.ts";

/**
 * Sets the time of the last change of rows, and who made it, and nothing else. It is an UPDATE, so
 * every other plugin of the executor has its say; rows that another plugin hides are left. An
 * instance of `withoutTimestamps` touches as well: it is what was asked for.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param table the table
 * @param rows the key of a row, several keys, or a condition. More than 500 keys are more than one
 * statement, in one transaction; D1 takes fewer, in one batch
 * @returns how many rows were touched
 * @throws {TimestampsError} where the table has no column for it, or a key is not one of its
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { timestampsPlugin, touch } from "@kysera/timestamps";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text, updated_at text)");
 * database.exec("insert into users (name) values ('Ada'), ('Grace'), ('Edsger')");
 *
 * interface Database {
 *   users: { id: number; name: string; updated_at: string | null };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const executor = await createExecutor(db, [timestampsPlugin()]);
 *
 * assert.equal(await touch(executor, "users", 1), 1);
 * assert.equal(await touch(executor, "users", [1, 2, 4]), 2);
 * assert.equal(await touch(executor, "users", (eb) => eb("updated_at", "is", null)), 1);
 * await db.destroy();
 * ```
 */
export function touch<DB, T extends keyof DB & string>(
  executor: AnyKysely<DB>,
  table: T,
  rows: NoInfer<RowSelector<DB, T>>,
): Promise<number> {
  return run(kyselyOf(executor), table, rows);
}

// The caller's types know the tables; inside, the name of any will do.
async function run(executor: Kysely<any>, table: string, rows: unknown): Promise<number> {
  const { plugin, column } = mustHaveColumn(executor, table, "updatedAtColumn", "touch");
  const touching = withMetadata(executor, { [ACT]: Act.touch });
  const key = plugin.keyOf({ name: table });
  const invalid = (message: string): Error => new TimestampsError(message, "INVALID_KEY");
  return await changeRowsBy(
    touching,
    { table, key, rows, invalid },
    // The plugin puts the time in the column's own place.
    (handle, where) =>
      handle.updateTable(table).set((eb) => ({ [column]: eb.ref(column) })).where(where),
  );
}
