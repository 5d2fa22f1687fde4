import type { Kysely } from "kysely";
import type { DatabaseDialect } from "../database_dialect.ts";
import type { SchemaOptions, TruncateOptions } from "./dialect_adapter.ts";
import { getAdapter } from "./get_adapter.ts";

/**
 * Returns whether there is a table (not a view) of a name.
 *
 * @param db The database.
 * @param table The name, with a schema before a dot if need be. Upper and lower case count, except
 * in SQLite.
 * @param dialect The family of SQL.
 * @param options Where to look.
 * @returns Whether there is one.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely } from "kysely";
 * import { nodeSqliteDialect, tableExists } from "@kysera/dialects";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * if (await tableExists(db, "users", "sqlite")) throw new Error("unexpected");
 * await db.destroy();
 * ```
 */
export async function tableExists(
  db: Kysely<any>,
  table: string,
  dialect: DatabaseDialect,
  options?: SchemaOptions,
): Promise<boolean> {
  return await getAdapter(dialect).tableExists(db, table, options);
}

/**
 * Returns the columns of a table or view, in their order.
 *
 * @param db The database.
 * @param table The name, with a schema before a dot if need be.
 * @param dialect The family of SQL.
 * @param options Where to look.
 * @returns The names of the columns; none if there is no such table.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely } from "kysely";
 * import { getTableColumns, nodeSqliteDialect } from "@kysera/dialects";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await db.schema.createTable("users").addColumn("id", "integer").execute();
 * assert.deepEqual(await getTableColumns(db, "users", "sqlite"), ["id"]);
 * await db.destroy();
 * ```
 */
export async function getTableColumns(
  db: Kysely<any>,
  table: string,
  dialect: DatabaseDialect,
  options?: SchemaOptions,
): Promise<string[]> {
  return await getAdapter(dialect).getTableColumns(db, table, options);
}

/**
 * Returns the tables (not views), by name.
 *
 * @param db The database.
 * @param dialect The family of SQL.
 * @param options Where to look.
 * @returns The names of the tables.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely } from "kysely";
 * import { getTables, nodeSqliteDialect } from "@kysera/dialects";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await db.schema.createTable("users").addColumn("id", "integer").execute();
 * assert.deepEqual(await getTables(db, "sqlite"), ["users"]);
 * await db.destroy();
 * ```
 */
export async function getTables(
  db: Kysely<any>,
  dialect: DatabaseDialect,
  options?: SchemaOptions,
): Promise<string[]> {
  return await getAdapter(dialect).getTables(db, options);
}

/**
 * Returns the size of a database.
 *
 * @param db The database.
 * @param dialect The family of SQL.
 * @param database Its name; the current one if not given.
 * @returns The size in bytes, as the database tells it.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely } from "kysely";
 * import { getDatabaseSize, nodeSqliteDialect } from "@kysera/dialects";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await db.schema.createTable("users").addColumn("id", "integer").execute();
 * if (await getDatabaseSize(db, "sqlite") === 0) throw new Error("unexpected");
 * await db.destroy();
 * ```
 */
export async function getDatabaseSize(
  db: Kysely<any>,
  dialect: DatabaseDialect,
  database?: string,
): Promise<number> {
  return await getAdapter(dialect).getDatabaseSize(db, database);
}

/**
 * Deletes all rows of a table and begins its generated ids anew.
 *
 * It goes past every plugin, rows that a plugin hides included, and an executor may refuse it: hand
 * it the database itself. A table that others refer to is refused by the database.
 *
 * @param db The database.
 * @param table The name, with a schema before a dot if need be.
 * @param dialect The family of SQL.
 * @param options Where the table is, and whether other tables go with it.
 * @returns False if there is no such table.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely } from "kysely";
 * import { nodeSqliteDialect, truncateTable } from "@kysera/dialects";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * if (await truncateTable(db, "users", "sqlite")) throw new Error("unexpected");
 * await db.destroy();
 * ```
 */
export async function truncateTable(
  db: Kysely<any>,
  table: string,
  dialect: DatabaseDialect,
  options?: TruncateOptions,
): Promise<boolean> {
  return await getAdapter(dialect).truncateTable(db, table, options);
}

/**
 * Deletes all rows of every table and begins their generated ids anew, all or nothing except in
 * MySQL. Tables may refer to each other. It goes past every plugin, as `truncateTable()` does.
 *
 * @param db The database.
 * @param dialect The family of SQL.
 * @param exclude Tables to leave as they are. They may not refer to one that is emptied, except in
 * MySQL.
 * @param options Where the tables are.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely } from "kysely";
 * import { nodeSqliteDialect, truncateAllTables } from "@kysera/dialects";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await truncateAllTables(db, "sqlite", ["migrations"]);
 * await db.destroy();
 * ```
 */
export async function truncateAllTables(
  db: Kysely<any>,
  dialect: DatabaseDialect,
  exclude?: readonly string[],
  options?: SchemaOptions,
): Promise<void> {
  await getAdapter(dialect).truncateAllTables(db, exclude, options);
}
