/**
 * Dialects for Kysely from drivers that the user hands in.
 *
 * @module
 */
export {
  type NodeSqliteDatabase,
  nodeSqliteDialect,
  type NodeSqliteDialectConfig,
  type NodeSqliteStatement,
} from "./sqlite/node_sqlite_dialect.ts";
export type { SqliteDialectOptions } from "./sqlite/sqlite_dialect_options.ts";
