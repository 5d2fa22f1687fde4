import { mysql2Dialect, nodeSqliteDialect, pgDialect } from "@kysera/dialects";
import { CompiledQuery, type Dialect, Kysely } from "kysely";
import type { Config } from "./config.ts";
import type { Database } from "./schema.ts";

/** Drivers by the scheme of their URLs. Each is loaded only where it is used. */
const DIALECTS: Readonly<Record<string, (url: string) => Promise<Dialect>>> = {
  "postgres:": openPostgres,
  "postgresql:": openPostgres,
  "mysql:": openMysql,
  "mariadb:": (url) => openMysql(url.replace(/^mariadb:/, "mysql:")),
};

/**
 * Opens the database of the configuration, without plugins: migrations run on it, and
 * `createShop()` creates the executor that everything else uses.
 *
 * @throws {Error} if the scheme of `databaseUrl` is unknown
 */
export async function openDatabase(
  { databaseUrl, sqliteFile }: Pick<Config, "databaseUrl" | "sqliteFile">,
): Promise<Kysely<Database>> {
  if (databaseUrl === undefined) {
    return new Kysely<Database>({ dialect: await openSqlite(sqliteFile) });
  }
  const { protocol } = new URL(databaseUrl);
  const open = DIALECTS[protocol];
  if (open === undefined) {
    throw new Error(
      `Cannot open the database: DATABASE_URL begins with "${protocol}", and must begin with one ` +
        `of ${Object.keys(DIALECTS).join(", ")}`,
    );
  }
  return new Kysely<Database>({ dialect: await open(databaseUrl) });
}

async function openPostgres(connectionString: string): Promise<Dialect> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({ connectionString, max: 10 });
  // A connection that breaks while nobody uses it is replaced; without a listener it ends the process.
  pool.on("error", () => {});
  return pgDialect({ pool, preparedStatements: 100 });
}

async function openMysql(uri: string): Promise<Dialect> {
  const { createPool } = await import("mysql2");
  // Without `timezone` the driver writes times in the time zone of the process.
  return mysql2Dialect({
    pool: createPool({ uri, timezone: "Z", supportBigNumbers: true, connectionLimit: 10 }),
  });
}

async function openSqlite(file: string): Promise<Dialect> {
  const { DatabaseSync } = await import("node:sqlite");
  return nodeSqliteDialect({
    database: () => new DatabaseSync(file),
    onCreateConnection: async (connection) => {
      // Readers and the writer of several processes do not wait for each other.
      await connection.executeQuery(CompiledQuery.raw("pragma journal_mode = wal"));
      await connection.executeQuery(CompiledQuery.raw("pragma busy_timeout = 5000"));
      // Node enforces foreign keys unless told otherwise, Bun does not.
      await connection.executeQuery(CompiledQuery.raw("pragma foreign_keys = on"));
    },
  });
}
