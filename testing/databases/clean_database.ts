import { assertKnownOptions, detectDialect } from "@kysera/core";
import { assertValidIdentifier, getTables, validateIdentifier } from "@kysera/dialects";
import { getRawDb } from "@kysera/executor";
import { CompiledQuery, type Kysely, type RawBuilder, sql } from "kysely";

/**
 * How tables are emptied.
 *
 * - `"transaction"`: by DELETE, in one transaction: all tables, or none.
 * - `"delete"`: the same; where `db` is a transaction, in that one.
 * - `"truncate"`: by TRUNCATE, which resets what counts keys as well; by DELETE where the database has
 *   none.
 */
export type CleanStrategy = "transaction" | "delete" | "truncate";

/** Which tables are emptied. */
export interface CleanOptions {
  /** The tables. Default: all of the database, or of its current schema. */
  readonly tables?: readonly string[] | undefined;
  /** Tables that are left as they are, where `tables` is not given. */
  readonly except?: readonly string[] | undefined;
}

const OPTIONS: readonly (keyof CleanOptions)[] = ["tables", "except"];

/**
 * Empties tables, whatever foreign keys there are between them. What plugins hide is removed as well.
 *
 * @param db the database, or an executor
 * @param strategy see {@linkcode CleanStrategy}
 * @param tables the tables, or {@linkcode CleanOptions}
 * @throws {BadRequestError} where a name is not a plain identifier
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { cleanDatabase, countRows } from "@kysera/testing";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key)");
 * database.exec("create table posts (author_id integer not null references users)");
 * database.exec("insert into users values (1); insert into posts values (1)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * await cleanDatabase(db, "delete", ["users", "posts"]);
 * assert.equal(await countRows(db, "users"), 0);
 * await db.destroy();
 * ```
 */
export async function cleanDatabase(
  db: Kysely<any>,
  strategy: CleanStrategy = "transaction",
  tables: readonly string[] | CleanOptions = {},
): Promise<void> {
  const raw = getRawDb(db).withoutPlugins();
  const names = await tablesOf(raw, tables);
  if (names.length === 0) return;
  if (strategy === "truncate") await truncate(raw, names);
  else if (strategy === "delete" && raw.isTransaction) await empty(raw, names);
  else if (strategy === "delete" || strategy === "transaction") await emptyAtOnce(raw, names);
  else {
    throw new TypeError(
      `Cannot clean database: "${strategy}" is not a strategy; use transaction, delete, truncate`,
    );
  }
}

/** A table that is emptied: its name, and as SQL. */
interface Emptied {
  readonly name: string;
  readonly id: RawBuilder<unknown>;
}

async function tablesOf(
  db: Kysely<any>,
  tables: readonly string[] | CleanOptions,
): Promise<readonly Emptied[]> {
  const options: CleanOptions = isList(tables) ? { tables } : tables;
  assertKnownOptions(options, OPTIONS, { action: "clean database", makeError: TypeError });
  const { tables: given, except = [] } = options;
  const dialect = detectDialect(db);
  if (dialect === "mssql") throw unsupported();
  const odd = (name: string): boolean => !validateIdentifier(name);
  // The catalog is asked where it has to tell whether a name is that of a table, whatever is in it.
  const isAsked = given === undefined || [...given, ...except].some(odd);
  const known = new Set(isAsked ? await getTables(db, dialect) : []);
  for (const name of [...given ?? [], ...except]) {
    if (!known.has(name)) assertValidIdentifier(name, "table name");
  }
  const names = given ?? [...known].filter((name) => !except.includes(name));
  return names.map((name) => ({
    name,
    // One that the catalog has is taken as it is; another may be qualified.
    id: known.has(name) ? sql.id(name) : sql.table(name),
  }));
}

function isList(tables: readonly string[] | CleanOptions): tables is readonly string[] {
  return Array.isArray(tables);
}

/** DELETE, on a connection on which foreign keys wait. */
function emptyAtOnce(db: Kysely<any>, tables: readonly Emptied[]): Promise<void> {
  return db.connection().execute(async (connection) => {
    await withoutKeys(
      connection,
      () => connection.transaction().execute((trx) => empty(trx, tables)),
    );
  });
}

async function empty(db: Kysely<any>, tables: readonly Emptied[]): Promise<void> {
  const dialect = detectDialect(db);
  const [first, ...rest] = tables.map(({ id }) => sql`delete from ${id}`);
  if (dialect === "postgres" && rest.length > 0) {
    // Within one statement foreign keys are looked at when all of it is done.
    const parts = rest.map((part, i) => sql`${sql.id(`kysera_clean_${i}`)} as (${part})`);
    await sql`with ${sql.join(parts)} ${first!}`.execute(db);
    return;
  }
  if (dialect === "sqlite") await sql`pragma defer_foreign_keys = on`.execute(db);
  await sql`${first!}`.execute(db);
  for (const part of rest) await part.execute(db);
}

async function truncate(db: Kysely<any>, tables: readonly Emptied[]): Promise<void> {
  const dialect = detectDialect(db);
  if (dialect === "postgres") {
    const names = sql.join(tables.map(({ id }) => id));
    await sql`truncate ${names} restart identity cascade`.execute(db);
    return;
  }
  if (dialect === "mssql") throw unsupported();
  if (dialect === "sqlite") {
    await emptyAtOnce(db, tables);
    await forgetKeys(db, tables);
    return;
  }
  await db.connection().execute((connection) =>
    withoutKeys(connection, async () => {
      for (const { id } of tables) await sql`truncate table ${id}`.execute(connection);
    })
  );
}

/** SQLite counts AUTOINCREMENT keys in a table of its own, which is there once one was counted. */
async function forgetKeys(db: Kysely<any>, tables: readonly Emptied[]): Promise<void> {
  const { rows } = await sql`select 1 from sqlite_master where name = 'sqlite_sequence'`.execute(
    db,
  );
  if (rows.length === 0) return;
  await sql`delete from sqlite_sequence where name in (${sql.join(tables.map(({ name }) => name))})`
    .execute(db);
}

/** MySQL looks at foreign keys row by row, unless the session says otherwise. */
async function withoutKeys(connection: Kysely<any>, work: () => Promise<unknown>): Promise<void> {
  if (detectDialect(connection) !== "mysql") {
    await work();
    return;
  }
  await connection.executeQuery(CompiledQuery.raw("set foreign_key_checks = 0"));
  try {
    await work();
  } finally {
    await connection.executeQuery(CompiledQuery.raw("set foreign_key_checks = 1"));
  }
}

function unsupported(): Error {
  return new Error("Cannot clean database: SQL Server is not supported; delete the rows yourself");
}
