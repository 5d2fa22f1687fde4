import { detectDialect, type Dialect } from "@kysera/core";
import type { Kysely } from "kysely";
import type { ExpandDialect } from "./_dialect.ts";
import { mysql } from "./_mysql.ts";
import { postgres } from "./_postgres.ts";
import { refuse } from "./_replacement.ts";
import { sqlite } from "./_sqlite.ts";

/** How each dialect does it; `undefined` for those that migrations do not support. */
const DIALECTS: Readonly<Record<Dialect, ExpandDialect | undefined>> = {
  postgres,
  mysql,
  sqlite,
  mssql: undefined,
};

/**
 * Returns how a database keeps two columns in sync.
 *
 * @throws {BadRequestError} if that is not supported
 */
export function expandDialectOf(db: Kysely<any>): ExpandDialect {
  const dialect = detectDialect(db);
  const found = DIALECTS[dialect];
  if (found === undefined) throw refuse(`${dialect} is not supported`);
  return found;
}
