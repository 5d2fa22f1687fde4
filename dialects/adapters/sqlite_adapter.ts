import { adapterClass } from "./_adapter_class.ts";
import { sqliteCatalog } from "./_sqlite_catalog.ts";
import type { DialectAdapter, DialectAdapterClass } from "./dialect_adapter.ts";

/**
 * The adapter of SQLite (3.37 or later). Without a schema it sees the main database.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely } from "kysely";
 * import { nodeSqliteDialect, sqliteAdapter } from "@kysera/dialects";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await db.schema.createTable("users").addColumn("id", "integer").execute();
 * assert.deepEqual(await sqliteAdapter.getTables(db), ["users"]);
 * await db.destroy();
 * ```
 */
export const SQLiteAdapter: DialectAdapterClass = adapterClass(sqliteCatalog);

/** An adapter of SQLite. */
export type SQLiteAdapter = DialectAdapter;

/** The adapter of SQLite with its defaults. */
export const sqliteAdapter: SQLiteAdapter = new SQLiteAdapter();
