/**
 * Dialects for Kysely from drivers that the user hands in.
 *
 * @module
 */
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
  type DbSqliteDatabase,
  dbSqliteDialect,
  type DbSqliteDialectConfig,
  type DbSqliteStatement,
} from "./sqlite/db_sqlite_dialect.ts";
export {
  type NodeSqliteDatabase,
  nodeSqliteDialect,
  type NodeSqliteDialectConfig,
  type NodeSqliteStatement,
} from "./sqlite/node_sqlite_dialect.ts";
export type { SqliteDialectOptions } from "./sqlite/sqlite_dialect_options.ts";
export {
  type PGliteDatabase,
  pgliteDialect,
  type PGliteDialectConfig,
  type PGliteQueryable,
  type PGliteResults,
} from "./postgres/pglite_dialect.ts";
