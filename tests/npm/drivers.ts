/**
 * Every driver with its dialect, as a user makes them. `deno task test:npm` checks the types with each
 * compiler that is supported; nothing is connected. (Deno leaves the file out: it has no types of Bun.)
 *
 * @module
 */
import { PGlite } from "@electric-sql/pglite";
import {
  betterSqlite3Dialect,
  bunSqliteDialect,
  mysql2Dialect,
  nodeSqliteDialect,
  pgDialect,
  pgliteDialect,
  postgresJsDialect,
} from "@kysera/dialects";
import SqliteDatabase from "better-sqlite3";
import { Database as BunDatabase } from "bun:sqlite";
import type { Dialect } from "kysely";
import mysql from "mysql2";
import mysqlPromise from "mysql2/promise";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import Cursor from "pg-cursor";
import postgres from "postgres";

export const dialects: Dialect[] = [
  pgDialect({ pool: new pg.Pool({ connectionString: "postgres://localhost" }), cursor: Cursor }),
  pgDialect({ pool: () => Promise.resolve(new pg.Pool()), preparedStatements: 100 }),
  postgresJsDialect({ database: postgres("postgres://localhost") }),
  pgliteDialect({ database: new PGlite() }),
  pgliteDialect({ database: () => PGlite.create() }),
  mysql2Dialect({ pool: mysql.createPool("mysql://localhost") }),
  mysql2Dialect({ pool: mysqlPromise.createPool("mysql://localhost") }),
  betterSqlite3Dialect({ database: new SqliteDatabase(":memory:") }),
  betterSqlite3Dialect({ database: () => new SqliteDatabase(":memory:") }),
  nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
  nodeSqliteDialect({ database: () => Promise.resolve(new DatabaseSync(":memory:")) }),
  bunSqliteDialect({ database: new BunDatabase(":memory:") }),
];
