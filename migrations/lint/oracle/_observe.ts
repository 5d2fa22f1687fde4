import { detectDialect } from "@kysera/core";
import type { Kysely } from "kysely";
import type { LintedMigration } from "../rules/_rule.ts";
import type { Observations } from "./_observations.ts";
import { observeMysql } from "./_mysql.ts";
import { observePostgres } from "./_postgres.ts";

/**
 * Tries statements on a scratch database, and tells what the server does.
 *
 * @param scratch the scratch database
 * @param migrations the migrations, in their order
 * @returns what was seen, of the statements that could be tried
 */
export async function observe(
  scratch: Kysely<any>,
  migrations: readonly LintedMigration[],
): Promise<Observations> {
  switch (detectDialect(scratch)) {
    case "postgres":
      return await observePostgres(scratch, migrations);
    case "mysql":
      return await observeMysql(scratch, migrations);
    default:
      return new Map();
  }
}
