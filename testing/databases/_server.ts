import { detectDialect } from "@kysera/core";
import { type Dialect, Kysely, sql } from "kysely";

/** A server on which databases for tests are made. */
export interface TestServer {
  /** Makes a dialect that connects to a database of the server, by its name. */
  readonly connect: (database: string) => Dialect;
  /** A database that is there already, to make others from: `"postgres"`, or any on MySQL. */
  readonly maintenance: string;
}

/** A database, as it was made. */
export interface Place {
  readonly dialect: Dialect;
  readonly name: string | undefined;
  /** Whether it is a copy of one that was migrated. */
  readonly isMigrated: boolean;
  drop(): Promise<void>;
}

/** Makes a database on a server. */
export async function databaseOnServer(
  server: TestServer,
  template: string | undefined,
  migrate: ((db: Kysely<any>) => unknown) | undefined,
): Promise<Place> {
  const name = `kysera_test_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
  const isMigrated = await asAdmin(server, async (admin) => {
    if (detectDialect(admin) !== "postgres" || template === undefined) {
      await sql`create database ${sql.id(name)}`.execute(admin);
      return false;
    }
    await makeTemplate(server, admin, template, migrate);
    await sql`create database ${sql.id(name)} template ${sql.id(template)}`.execute(admin);
    return true;
  });
  return {
    dialect: server.connect(name),
    name,
    isMigrated,
    drop: () => asAdmin(server, (admin) => drop(admin, name)),
  };
}

async function drop(admin: Kysely<any>, name: string): Promise<void> {
  try {
    // PostgreSQL gives sessions that are about to end five seconds: one that is ended by force would
    // tell its driver so, and a driver that has closed it expects no more of it.
    await sql`drop database if exists ${sql.id(name)}`.execute(admin);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== OBJECT_IN_USE) throw error;
    // A connection that a failed test left open must not keep the database.
    await sql`drop database if exists ${sql.id(name)} with (force)`.execute(admin);
  }
}

/** PostgreSQL's `object_in_use`. */
const OBJECT_IN_USE = "55006";

/** Makes the template, unless it is there: one process does, the others wait. */
async function makeTemplate(
  server: TestServer,
  admin: Kysely<any>,
  template: string,
  migrate: ((db: Kysely<any>) => unknown) | undefined,
): Promise<void> {
  await sql`select pg_advisory_lock(hashtext(${`kysera template ${template}`}))`.execute(admin);
  try {
    const { rows } = await sql`select 1 from pg_database where datname = ${template}`.execute(
      admin,
    );
    if (rows.length > 0) return;
    // Under another name until it is whole, should this process end half-way.
    const unfinished = `${template}_unfinished`;
    await sql`drop database if exists ${sql.id(unfinished)}`.execute(admin);
    await sql`create database ${sql.id(unfinished)}`.execute(admin);
    const db = new Kysely<any>({ dialect: server.connect(unfinished) });
    try {
      await migrate?.(db);
    } finally {
      await db.destroy();
    }
    await sql`alter database ${sql.id(unfinished)} rename to ${sql.id(template)}`.execute(admin);
  } finally {
    await sql`select pg_advisory_unlock(hashtext(${`kysera template ${template}`}))`.execute(admin);
  }
}

async function asAdmin<T>(
  server: TestServer,
  work: (admin: Kysely<any>) => Promise<T>,
): Promise<T> {
  const db = new Kysely<any>({ dialect: server.connect(server.maintenance) });
  try {
    // One connection: advisory locks belong to it.
    return await db.connection().execute(work);
  } finally {
    await db.destroy();
  }
}
