import { type AnyKysely, kyselyOf, withMetadata } from "@kysera/executor";
import { mustHavePlugin } from "./_state.ts";

/**
 * Returns an instance that writes without stamps: to bring in rows with the times they have, or to
 * change rows without anybody being told. It is `withMetadata(executor, { timestamps: false })`;
 * `timestamps: true` takes it back. Other plugins apply as ever.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @returns a new instance of the same kind, on the same connection; cheap
 * @throws {TimestampsError} where the executor has no timestamps
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { timestampsPlugin, withoutTimestamps } from "@kysera/timestamps";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, visits integer, updated_at text)");
 * database.exec("insert into users values (1, 0, '2026-01-31T12:00:00.000Z')");
 *
 * interface Database {
 *   users: { id: number; visits: number; updated_at: string };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const executor = await createExecutor(db, [timestampsPlugin()]);
 * await withoutTimestamps(executor).updateTable("users").set({ visits: 1 }).execute();
 * const [user] = await executor.selectFrom("users").selectAll().execute();
 * assert.equal(user?.updated_at, "2026-01-31T12:00:00.000Z");
 * await db.destroy();
 * ```
 */
export function withoutTimestamps<K extends AnyKysely<any>>(executor: K): K {
  mustHavePlugin(kyselyOf(executor), "write without timestamps");
  return withMetadata(executor, { timestamps: false });
}
