import { getRawDb } from "@kysera/executor";
import { type Dialect, Kysely, sql } from "kysely";
import { characterSet, scratchName, serverOf } from "./_server.ts";
import type { Scratch } from "./scratch.ts";

/** PostgreSQL's `object_in_use`. */
const OBJECT_IN_USE = "55006";

/**
 * Creates scratch databases on a server of PostgreSQL, MySQL or MariaDB. The user has to be allowed
 * to create databases. On MySQL and MariaDB they have the character set and collation of the database
 * that `db` is connected to.
 *
 * @param db a database of the server
 * @param connect creates the dialect of another database of the server, by its name
 * @returns the scratch databases
 * @throws {BadRequestError} if the dialect has no server
 *
 * @example
 * ```ts ignore
 * const scratch = scratchDatabase(db, (database) =>
 *   new PostgresDialect({ pool: new Pool({ ...config, database }) })
 * );
 * ```
 */
export function scratchDatabase(db: Kysely<any>, connect: (name: string) => Dialect): Scratch {
  const server = serverOf(db);
  const admin: Kysely<any> = getRawDb(db).withoutPlugins();
  return async (body) => {
    const name = scratchName();
    const options = server === "mysql" ? await characterSet(admin) : sql``;
    await sql`create database ${sql.id(name)} ${options}`.execute(admin);
    try {
      const scratch = new Kysely<any>({ dialect: connect(name) });
      try {
        return await body(scratch);
      } finally {
        await scratch.destroy();
      }
    } finally {
      await drop(admin, name);
    }
  };
}

async function drop(admin: Kysely<any>, name: string): Promise<void> {
  try {
    await sql`drop database if exists ${sql.id(name)}`.execute(admin);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== OBJECT_IN_USE) throw error;
    // A session that is about to end, or that a body left open.
    await sql`drop database if exists ${sql.id(name)} with (force)`.execute(admin);
  }
}
