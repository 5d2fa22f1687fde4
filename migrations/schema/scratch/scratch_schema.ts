import { BadRequestError } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import { characterSet, scratchName, serverOf } from "./_server.ts";
import type { Scratch } from "./scratch.ts";

/**
 * Creates scratch schemas in a database of PostgreSQL, or scratch databases on the server of MySQL
 * and MariaDB, on one connection of `db` that has them as its current schema meanwhile. It needs no
 * second set of connection options, and no right to create databases on PostgreSQL.
 *
 * **Names with a schema lead out of it**: a migration that says `public.users` changes that table for
 * real. Use `scratchDatabase()` where migrations do. Behind a pooler that shares sessions between
 * transactions it does not work.
 *
 * @param db the database
 * @returns the scratch schemas
 * @throws {BadRequestError} if the dialect has no server
 *
 * @example
 * ```ts ignore
 * const drift = await findDrift(db, migrations, { scratch: scratchSchema(db) });
 * ```
 */
export function scratchSchema(db: Kysely<any>): Scratch {
  const server = serverOf(db);
  const raw: Kysely<any> = getRawDb(db).withoutPlugins();
  if (raw.isTransaction) {
    throw new BadRequestError(
      "Cannot create a scratch schema: give the database and not a transaction",
    );
  }
  const inSchema = server === "postgres" ? inPostgres : inMysql;
  return (body) => raw.connection().execute((connection) => inSchema(connection, body));
}

async function inPostgres<T>(
  db: Kysely<any>,
  body: (db: Kysely<any>) => Promise<T>,
): Promise<T> {
  const name = sql.id(scratchName());
  const { rows: [session] } = await sql<{ path: string }>`
    select current_setting('search_path') as path`.execute(db);
  await sql`create schema ${name}`.execute(db);
  try {
    await sql`set search_path = ${name}`.execute(db);
    return await body(db);
  } finally {
    await sql`select set_config('search_path', ${session!.path}, false)`.execute(db);
    await sql`drop schema ${name} cascade`.execute(db);
  }
}

async function inMysql<T>(db: Kysely<any>, body: (db: Kysely<any>) => Promise<T>): Promise<T> {
  const name = sql.id(scratchName());
  const { rows: [session] } = await sql<{ current: string | null }>`
    select database() as current`.execute(db);
  const current = session!.current;
  if (current === null) {
    throw new BadRequestError("Cannot create a scratch schema: the connection has no database");
  }
  await sql`create database ${name} ${await characterSet(db)}`.execute(db);
  try {
    await sql`use ${name}`.execute(db);
    return await body(db);
  } finally {
    await sql`use ${sql.id(current)}`.execute(db);
    await sql`drop database ${name}`.execute(db);
  }
}
