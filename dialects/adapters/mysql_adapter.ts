import { adapterClass } from "./_adapter_class.ts";
import { mysqlCatalog } from "./_mysql_catalog.ts";
import type { DialectAdapter, DialectAdapterClass } from "./dialect_adapter.ts";

/**
 * The adapter of MySQL and MariaDB. Without a schema it sees the current database.
 *
 * @example
 * ```ts
 * import { mysqlAdapter } from "@kysera/dialects";
 * import assert from "node:assert/strict";
 *
 * assert.equal(mysqlAdapter.escapeIdentifier("order"), "`order`");
 * assert.equal(mysqlAdapter.getDefaultPort(), 3306);
 * ```
 */
export const MySQLAdapter: DialectAdapterClass = adapterClass(mysqlCatalog);

/** An adapter of MySQL and MariaDB. */
export type MySQLAdapter = DialectAdapter;

/** The adapter of MySQL and MariaDB with its defaults. */
export const mysqlAdapter: MySQLAdapter = new MySQLAdapter();
