/**
 * Timestamps: columns that say when a row was made and last changed, and by whom, are set on
 * whatever an executor writes.
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { timestampsPlugin, touch, withoutTimestamps } from "@kysera/timestamps";
 * import { type Generated, Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table notes (id integer primary key, created_at text, updated_at text)");
 *
 * interface Database {
 *   notes: { id: number; created_at: Generated<string>; updated_at: Generated<string> };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * let now = new Date("2026-01-31T12:00:00.000Z");
 * const executor = await createExecutor(db, [timestampsPlugin({ getTimestamp: () => now })]);
 *
 * const note = await executor.insertInto("notes").values({ id: 1 }).returningAll()
 *   .executeTakeFirstOrThrow();
 * assert.equal(note.created_at, "2026-01-31T12:00:00.000Z");
 * assert.equal(note.updated_at, note.created_at);
 *
 * now = new Date("2026-02-01T08:00:00.000Z");
 * await touch(executor, "notes", 1);
 * const touched = await executor.selectFrom("notes").selectAll().executeTakeFirstOrThrow();
 * assert.equal(touched.created_at, "2026-01-31T12:00:00.000Z");
 * assert.equal(touched.updated_at, "2026-02-01T08:00:00.000Z");
 *
 * // To bring in rows that are older than this
 * await withoutTimestamps(executor).insertInto("notes")
 *   .values({ id: 2, created_at: "1999-12-31T00:00:00.000Z", updated_at: "1999-12-31T00:00:00.000Z" })
 *   .execute();
 * await db.destroy();
 * ```
 *
 * @module
 */
export * from "./errors.ts";
export * from "./options.ts";
export * from "./plugin.ts";
export * from "./repository_methods.ts";
export * from "./touch.ts";
export * from "./without_timestamps.ts";
