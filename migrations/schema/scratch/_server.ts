import { BadRequestError, detectDialect } from "@kysera/core";
import { type Kysely, type RawBuilder, sql } from "kysely";

/** A server on which scratch databases can be made. */
export type Server = "postgres" | "mysql";

/**
 * Returns which server a database is on.
 *
 * @throws {BadRequestError} if it is on none
 */
export function serverOf(db: Kysely<any>): Server {
  const dialect = detectDialect(db);
  if (dialect === "postgres" || dialect === "mysql") return dialect;
  throw new BadRequestError(
    `Cannot create a scratch database: ${dialect} has no server for it; use scratchInMemory()`,
  );
}

/** Returns a name that nobody else uses. */
export function scratchName(): string {
  return `kysera_scratch_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
}

/** Returns the character set of the current database of MySQL, which tables take over. */
export async function characterSet(db: Kysely<any>): Promise<RawBuilder<unknown>> {
  const { rows: [row] } = await sql<{ name: string; collation: string }>`
    select @@character_set_database as name, @@collation_database as collation`.execute(db);
  return sql`character set ${sql.id(row!.name)} collate ${sql.id(row!.collation)}`;
}
