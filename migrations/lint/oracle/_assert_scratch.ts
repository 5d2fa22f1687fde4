import { BadRequestError, type Dialect } from "@kysera/core";
import { type Kysely, type RawBuilder, sql } from "kysely";

/** What tells databases, and schemas that names without one mean, apart. */
const IDENTITY: Partial<Record<Dialect, RawBuilder<{ identity: string }>>> = {
  postgres: sql`
    select concat_ws('/', pg_postmaster_start_time()::text, inet_server_port()::text,
      current_database(), current_schemas(false)::text) as identity`,
  mysql: sql`
    select concat_ws('/', @@hostname, @@port, @@datadir, database()) as identity`,
};

/**
 * Asserts that a scratch database is another one than that which the migrations are for: there they
 * would take their locks, or stay applied.
 *
 * @throws {BadRequestError} if it is the same, or of another dialect
 */
export async function assertScratch(
  db: Kysely<any>,
  dialect: Dialect,
  scratch: Kysely<any>,
  scratchDialect: Dialect,
): Promise<void> {
  if (dialect !== scratchDialect) {
    throw refuse(`it is of the dialect ${scratchDialect}, and the database of ${dialect}`);
  }
  const query = IDENTITY[dialect];
  if (query === undefined) return;
  const [own, other] = [await query.execute(db), await query.execute(scratch)];
  if (own.rows[0]?.identity !== other.rows[0]?.identity) return;
  throw refuse(
    "it is the database that the migrations are for, where they would take their locks or stay " +
      "applied; hand in a copy of its schema",
  );
}

function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot lint migrations by the option "scratch": ${problem}`);
}
