/**
 * Soft delete: rows that are marked as deleted are hidden from every query of an executor.
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { restore, softDelete, softDeletePlugin, withDeleted } from "@kysera/soft-delete";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text, deleted_at text)");
 *
 * interface Database {
 *   users: { id: number; name: string; deleted_at: string | null };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const executor = await createExecutor(db, [softDeletePlugin()]);
 * await executor.insertInto("users").values({ id: 1, name: "Ada", deleted_at: null }).execute();
 *
 * await softDelete(executor, "users", 1);
 * assert.deepEqual(await executor.selectFrom("users as u").select("u.name").execute(), []);
 * assert.equal((await withDeleted(executor).selectFrom("users").select("id").execute()).length, 1);
 *
 * await restore(executor, "users", 1);
 * assert.equal((await executor.selectFrom("users").select("id").execute()).length, 1);
 * await db.destroy();
 * ```
 *
 * @module
 */
export type { KeyColumns, RowKey, RowSelector } from "@kysera/executor";
export * from "./check_unique_keys.ts";
export * from "./errors.ts";
export * from "./hard_delete.ts";
export * from "./only_deleted.ts";
export * from "./options.ts";
export * from "./plugin.ts";
export * from "./repository_methods.ts";
export * from "./restore.ts";
export * from "./soft_delete.ts";
export * from "./with_deleted.ts";
