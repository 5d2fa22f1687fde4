/**
 * Kysely dialects from the drivers that you hand in, what each database can do, connection URLs, and
 * what differs between databases outside of queries.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { Kysely, sql } from "kysely";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const { rows } = await sql<{ sum: number }>`select ${20} + ${22} as sum`.execute(db);
 * if (rows[0]?.sum !== 42) throw new Error("not 42");
 * await db.destroy();
 * ```
 *
 * @module
 */
export {
  getDatabaseSize,
  getTableColumns,
  getTables,
  tableExists,
  truncateAllTables,
  truncateTable,
} from "./adapters/catalog.ts";
export {
  isForeignKeyError,
  isNotNullError,
  isUniqueConstraintError,
} from "./adapters/constraint_errors.ts";
export type {
  DatabaseErrorLike,
  DialectAdapter,
  DialectAdapterClass,
  DialectAdapterOptions,
  SchemaOptions,
  TruncateOptions,
} from "./adapters/dialect_adapter.ts";
export { escapeIdentifier } from "./adapters/escape_identifier.ts";
export { formatDate } from "./adapters/format_date.ts";
export { createDialectAdapter, getAdapter, registerAdapter } from "./adapters/get_adapter.ts";
export { getCurrentTimestamp } from "./adapters/get_current_timestamp.ts";
export { MySQLAdapter, mysqlAdapter } from "./adapters/mysql_adapter.ts";
export { PostgresAdapter, postgresAdapter } from "./adapters/postgres_adapter.ts";
export { SQLiteAdapter, sqliteAdapter } from "./adapters/sqlite_adapter.ts";
export type {
  DialectCapabilities,
  DialectVariant,
  ReturningCapabilities,
} from "./capabilities/dialect_capabilities.ts";
export { getCapabilities, type GetCapabilitiesOptions } from "./capabilities/get_capabilities.ts";
export { buildConnectionUrl } from "./connection/build_connection_url.ts";
export type { ConnectionConfig } from "./connection/connection_config.ts";
export { getDefaultPort } from "./connection/get_default_port.ts";
export { parseConnectionUrl } from "./connection/parse_connection_url.ts";
export type { DatabaseDialect } from "./database_dialect.ts";
export { assertValidIdentifier } from "./identifiers/assert_valid_identifier.ts";
export { validateIdentifier } from "./identifiers/validate_identifier.ts";
export { mssqlCompileOnlyDialect } from "./mssql/mssql_compile_only_dialect.ts";
export { mysql2Dialect, type Mysql2DialectConfig } from "./mysql/mysql2_dialect.ts";
export {
  neonHttpDialect,
  type NeonHttpDialectConfig,
  type NeonIsolationLevel,
} from "./postgres/neon_http_dialect.ts";
export { pgDialect, type PgDialectConfig } from "./postgres/pg_dialect.ts";
export {
  type PGliteDatabase,
  pgliteDialect,
  type PGliteDialectConfig,
  type PGliteQueryable,
  type PGliteResults,
} from "./postgres/pglite_dialect.ts";
export {
  type PostgresJsConnection,
  type PostgresJsDatabase,
  postgresJsDialect,
  type PostgresJsDialectConfig,
  type PostgresJsQuery,
  type PostgresJsQueryable,
  type PostgresJsResult,
} from "./postgres/postgres_js_dialect.ts";
export {
  type BetterSqlite3Database,
  betterSqlite3Dialect,
  type BetterSqlite3DialectConfig,
  type BetterSqlite3Statement,
} from "./sqlite/better_sqlite3_dialect.ts";
export {
  type BunSqliteDatabase,
  bunSqliteDialect,
  type BunSqliteDialectConfig,
  type BunSqliteStatement,
} from "./sqlite/bun_sqlite_dialect.ts";
export {
  type D1Database,
  d1Dialect,
  type D1DialectConfig,
  type D1PreparedStatement,
  type D1Result,
} from "./sqlite/d1_dialect.ts";
export {
  type DbSqliteDatabase,
  dbSqliteDialect,
  type DbSqliteDialectConfig,
  type DbSqliteStatement,
} from "./sqlite/db_sqlite_dialect.ts";
export {
  type DurableObjectCursor,
  durableObjectDialect,
  type DurableObjectDialectConfig,
  type DurableObjectStorage,
} from "./sqlite/durable_object_dialect.ts";
export {
  type LibsqlClient,
  libsqlDialect,
  type LibsqlDialectConfig,
  type LibsqlResult,
  type LibsqlStatement,
  type LibsqlTransaction,
} from "./sqlite/libsql_dialect.ts";
export {
  type NodeSqliteDatabase,
  nodeSqliteDialect,
  type NodeSqliteDialectConfig,
  type NodeSqliteStatement,
} from "./sqlite/node_sqlite_dialect.ts";
export {
  type SqliteWasmDatabase,
  sqliteWasmDialect,
  type SqliteWasmDialectConfig,
  type SqliteWasmStatement,
  type SqlJsDatabase,
  type SqlJsStatement,
} from "./sqlite/sqlite_wasm_dialect.ts";
export type { SqliteDialectOptions } from "./sqlite/sqlite_dialect_options.ts";
