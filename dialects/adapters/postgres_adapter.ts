import { adapterClass } from "./_adapter_class.ts";
import { postgresCatalog } from "./_postgres_catalog.ts";
import type { DialectAdapter, DialectAdapterClass } from "./dialect_adapter.ts";

/**
 * The adapter of PostgreSQL. Without a schema it sees what the search path of the connection sees.
 *
 * @example
 * ```ts
 * import { PGlite } from "@electric-sql/pglite";
 * import { Kysely } from "kysely";
 * import { pgliteDialect, postgresAdapter } from "@kysera/dialects";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: pgliteDialect({ database: () => PGlite.create() }) });
 * await db.schema.createTable("Users").addColumn("id", "serial").execute();
 * assert.equal(await postgresAdapter.tableExists(db, "Users"), true);
 * assert.equal(await postgresAdapter.tableExists(db, "users"), false);
 * assert.deepEqual(await postgresAdapter.getTableColumns(db, "Users"), ["id"]);
 * await db.destroy();
 * ```
 */
export const PostgresAdapter: DialectAdapterClass = adapterClass(postgresCatalog);

/** An adapter of PostgreSQL. */
export type PostgresAdapter = DialectAdapter;

/** The adapter of PostgreSQL with its defaults. */
export const postgresAdapter: PostgresAdapter = new PostgresAdapter();
