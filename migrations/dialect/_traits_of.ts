import { BadRequestError, detectDialect, type Dialect } from "@kysera/core";
import type { Kysely } from "kysely";
import { mysql } from "./_mysql.ts";
import { postgres } from "./_postgres.ts";
import { sqlite } from "./_sqlite.ts";
import type { MigrationTraits } from "./_traits.ts";

/** The traits of each dialect; none where migrations have not been tested on a server. */
const TRAITS: Readonly<Record<Dialect, MigrationTraits | undefined>> = {
  postgres,
  mysql,
  sqlite,
  mssql: undefined,
};

/**
 * Returns what the runner has to know of a database.
 *
 * @throws {BadRequestError} if migrations do not support it
 */
export function traitsOf(db: Kysely<any>): MigrationTraits {
  const dialect = detectDialect(db);
  const traits = TRAITS[dialect];
  if (traits === undefined) {
    throw new BadRequestError(
      `Cannot run migrations: ${dialect} is not supported, only PostgreSQL, MySQL, MariaDB and SQLite`,
    );
  }
  return traits;
}
