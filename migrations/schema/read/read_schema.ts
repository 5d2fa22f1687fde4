import { assertKnownOptions, BadRequestError, detectDialect, type Dialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import type { Kysely } from "kysely";
import { DEFAULT_TABLE, tableNames } from "../../dialect/_table_names.ts";
import {
  type SchemaDialect,
  type SchemaSnapshot,
  SNAPSHOT_VERSION,
} from "../snapshot/schema_snapshot.ts";
import type { SchemaReader } from "./_reader.ts";
import { mysqlReader } from "./mysql/_mysql.ts";
import { postgresReader } from "./postgres/_postgres.ts";
import { sqliteReader } from "./sqlite/_sqlite.ts";

/** Options of {@linkcode readSchema}. */
export interface ReadSchemaOptions {
  /**
   * The schemas to read by their names; the first one is the default schema of the snapshot.
   * Default: the current schema, `main` on SQLite, the current database on MySQL.
   */
  readonly schemas?: readonly string[] | undefined;
  /**
   * Tables and views to leave out, by their names. Default: the tables of the migration runner,
   * `kysera_migration`, `kysera_migration_lock` and `kysera_migration_step`.
   */
  readonly exclude?: readonly string[] | undefined;
}

const ACTION = "read schema";

/** Who reads each dialect; none where it has not been tested on a server. */
const READERS: Readonly<Record<Dialect, SchemaReader | undefined>> = {
  postgres: postgresReader,
  mysql: mysqlReader,
  sqlite: sqliteReader,
  mssql: undefined,
};

/**
 * Reads the schema of a database, with a number of statements that does not depend on how much there
 * is. It only reads: a user who may not write can call it. On PostgreSQL it needs a transaction, and
 * sets `search_path` inside, so that names are written without the default schema.
 *
 * Not read are rows, grants, owners, tablespaces, and of PostgreSQL the objects of extensions, event
 * triggers, publications, statistics objects, collations, casts, operators, base types and text
 * search. MySQL and MariaDB show a user only what that user has rights to: triggers and the bodies of
 * routines need more than `select`.
 *
 * @param db the database, a transaction, or an executor
 * @param options which schemas
 * @returns the schema as plain data
 * @throws {BadRequestError} if an option is unknown or wrong, the dialect is not supported, or the
 * connection of MySQL has no database
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { readSchema } from "@kysera/migrations/schema";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, email text not null unique)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const { tables: [users] } = await readSchema(db);
 * assert.deepEqual(users?.columns.map(({ name }) => name), ["id", "email"]);
 * assert.deepEqual(users?.uniques[0]?.columns, ["email"]);
 * await db.destroy();
 * ```
 */
export async function readSchema(
  db: Kysely<any>,
  options: ReadSchemaOptions = {},
): Promise<SchemaSnapshot> {
  assertKnownOptions(options, ["schemas", "exclude"], { action: ACTION });
  assertNames(options.schemas, "schemas");
  assertNames(options.exclude, "exclude");
  if (options.schemas?.length === 0) {
    throw new BadRequestError(`Cannot ${ACTION}: the option "schemas" names none`);
  }
  const dialect = detectDialect(db);
  const reader = READERS[dialect];
  if (reader === undefined) {
    throw new BadRequestError(
      `Cannot ${ACTION}: ${dialect} is not supported, only PostgreSQL, MySQL, MariaDB and SQLite`,
    );
  }
  const raw: Kysely<any> = getRawDb(db).withoutPlugins();
  const schemas = options.schemas === undefined ? undefined : [...new Set(options.schemas)];
  const read = raw.isTransaction
    ? await reader.read(raw, { schemas })
    : await raw.connection().execute((connection) => reader.read(connection, { schemas }));
  const { history, lock, step } = tableNames(DEFAULT_TABLE);
  const excluded = new Set(options.exclude ?? [history, lock, step]);
  return {
    version: SNAPSHOT_VERSION,
    dialect: dialect as SchemaDialect,
    ...read,
    tables: read.tables.filter(({ name }) => !excluded.has(name)),
    views: read.views.filter(({ name }) => !excluded.has(name)),
    sequences: read.sequences.filter(({ name, ownedBy }) =>
      !excluded.has(name) && !(ownedBy !== null && excluded.has(ownedBy.table))
    ),
  };
}

function assertNames(names: readonly string[] | undefined, option: string): void {
  if (names === undefined) return;
  if (Array.isArray(names) && names.every((name) => typeof name === "string" && name !== "")) {
    return;
  }
  throw new BadRequestError(`Cannot ${ACTION}: the option "${option}" has to be a list of names`);
}
