import { createSqlMigration } from "@kysera/migrations";
import type { Kysely } from "kysely";

/** Runs a script of SQL, statement by statement. */
export async function runScript(db: Kysely<any>, script: string): Promise<void> {
  await createSqlMigration("script", script).up(db);
}
