import { traceDialect } from "@kysera/debug/otel";
import { nodeSqliteDialect, pgDialect, pgliteDialect } from "@kysera/dialects";
import { CompiledQuery, type Dialect, type Driver, Kysely, sql } from "kysely";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "./config.ts";
import type { ControlDatabase, Database } from "./schema.ts";

/** The schema of PostgreSQL that holds what all organisations share. */
const CONTROL = "control";

/** The databases of an installation. */
export interface Databases {
  /** What all organisations share. */
  readonly control: Kysely<ControlDatabase>;
  /** Opens a database of organisations by its name; `main` has those that are rows or schemas. */
  open(name: string): Promise<Kysely<Database>>;
  /** Creates a database. */
  create(name: string): Promise<void>;
  /** Drops a database. */
  drop(name: string): Promise<void>;
  /** Closes what is not closed by others. */
  close(): Promise<void>;
}

/** Opens the databases of the configuration. */
export async function openDatabases(
  config: Pick<Config, "databaseUrl" | "dataFolder">,
): Promise<Databases> {
  const { databaseUrl, dataFolder } = config;
  if (databaseUrl === undefined) return await openSqlite(dataFolder);
  const { protocol } = new URL(databaseUrl);
  if (protocol === "pglite:") return await openPGlite(databaseUrl.slice("pglite:".length));
  if (protocol === "postgres:" || protocol === "postgresql:") {
    return await openPostgres(databaseUrl);
  }
  throw new Error(
    `Cannot open the database: DATABASE_URL begins with "${protocol}", and must begin with ` +
      '"postgres:" or "pglite:"',
  );
}

/** A file for each database. */
async function openSqlite(folder: string): Promise<Databases> {
  const { DatabaseSync } = await import("node:sqlite");
  await mkdir(folder, { recursive: true });
  const fileOf = (name: string): string => join(folder, `${mustBeName(name)}.sqlite`);
  const open = <DB>(name: string): Kysely<DB> =>
    new Kysely<DB>({
      dialect: traced(nodeSqliteDialect({
        database: () => new DatabaseSync(fileOf(name)),
        onCreateConnection: async (connection) => {
          await connection.executeQuery(CompiledQuery.raw("pragma journal_mode = wal"));
          await connection.executeQuery(CompiledQuery.raw("pragma busy_timeout = 5000"));
          await connection.executeQuery(CompiledQuery.raw("pragma foreign_keys = on"));
        },
      })),
    });
  const control = open<ControlDatabase>(CONTROL);
  return {
    control,
    open: (name) => Promise.resolve(open<Database>(name)),
    create: () => Promise.resolve(),
    drop: async (name) => {
      for (const end of ["", "-wal", "-shm"]) await rm(fileOf(name) + end, { force: true });
    },
    close: () => control.destroy(),
  };
}

/** One embedded PostgreSQL, with one connection that all share. */
async function openPGlite(folder: string): Promise<Databases> {
  const { PGlite } = await import("@electric-sql/pglite");
  const database = await PGlite.create(folder === "" ? {} : { dataDir: folder });
  const dialect = traced(pgliteDialect({ database }));
  const driver = dialect.createDriver();
  await driver.init();
  const open = <DB>(): Kysely<DB> => new Kysely<DB>({ dialect: sharing(dialect, driver) });
  const control = open<ControlDatabase>();
  await control.schema.createSchema(CONTROL).ifNotExists().execute();
  const refuse = (): Promise<never> =>
    Promise.reject(new Error("Cannot create a database: PGlite is one database"));
  return {
    control: control.withSchema(CONTROL),
    open: () => Promise.resolve(open<Database>()),
    create: refuse,
    drop: refuse,
    close: () => driver.destroy(),
  };
}

/** A dialect whose instances use one driver, which none of them closes. */
function sharing(dialect: Dialect, driver: Driver): Dialect {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver: () => ({
      init: nothing,
      acquireConnection: (options) => driver.acquireConnection(options),
      beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
      commitTransaction: (connection) => driver.commitTransaction(connection),
      rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
      savepoint: (...args) => driver.savepoint!(...args),
      rollbackToSavepoint: (...args) => driver.rollbackToSavepoint!(...args),
      releaseSavepoint: (...args) => driver.releaseSavepoint!(...args),
      releaseConnection: (connection) => driver.releaseConnection(connection),
      destroy: nothing,
    }),
  };
}

async function openPostgres(url: string): Promise<Databases> {
  const { default: pg } = await import("pg");
  const connect = <DB>(connectionString: string, max: number): Kysely<DB> => {
    const pool = new pg.Pool({ connectionString, max });
    // A connection that breaks while nobody uses it is replaced; without a listener it ends the process.
    pool.on("error", () => {});
    return new Kysely<DB>({ dialect: traced(pgDialect({ pool })) });
  };
  const control = connect<ControlDatabase>(url, 5);
  await control.schema.createSchema(CONTROL).ifNotExists().execute();
  return {
    control: control.withSchema(CONTROL),
    open: (name) =>
      Promise.resolve(
        name === "main" ? connect<Database>(url, 10) : connect<Database>(
          Object.assign(new URL(url), { pathname: `/${mustBeName(name)}` }).href,
          3,
        ),
      ),
    create: async (name) => {
      await sql`create database ${sql.id(mustBeName(name))}`.execute(control);
    },
    drop: async (name) => {
      // A pooler in between may keep connections of those who have closed theirs. Since PostgreSQL 13.
      await sql`drop database if exists ${sql.id(mustBeName(name))} with (force)`.execute(control);
    },
    close: () => control.destroy(),
  };
}

/** Names are made by the program; a name from elsewhere is a mistake. */
function mustBeName(name: string): string {
  if (/^[a-z0-9_]{1,63}$/.test(name)) return name;
  throw new Error("Cannot use the name of a database: it has other characters than a-z, 0-9 and _");
}

/** Each statement is a span; without a telemetry SDK that costs nothing. */
function traced(dialect: Dialect): Dialect {
  return traceDialect(dialect);
}
