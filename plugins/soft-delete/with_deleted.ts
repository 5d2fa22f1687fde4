import { type AnyKysely, kyselyOf, withMetadata } from "@kysera/executor";
import { mustHavePlugin } from "./_state.ts";

/**
 * Returns an instance that shows deleted rows as well, in every table of a query. It is
 * `withMetadata(executor, { includeDeleted: true })`; `includeDeleted: false` takes it back.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @returns a new instance of the same kind, on the same connection; cheap
 * @throws {SoftDeleteError} where the executor has no soft delete
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { softDeletePlugin, withDeleted } from "@kysera/soft-delete";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, deleted_at text)");
 * database.exec("insert into users values (1, null), (2, '2026-01-31')");
 *
 * interface Database {
 *   users: { id: number; deleted_at: string | null };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const executor = await createExecutor(db, [softDeletePlugin()]);
 * const users = await withDeleted(executor).selectFrom("users").select("id").execute();
 * assert.deepEqual(users, [{ id: 1 }, { id: 2 }]);
 * await db.destroy();
 * ```
 */
export function withDeleted<K extends AnyKysely<any>>(executor: K): K {
  mustHavePlugin(kyselyOf(executor), "show deleted rows");
  return withMetadata(executor, { includeDeleted: true });
}
