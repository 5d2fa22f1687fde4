import type { Kysely } from "kysely";
import type { SchemaSnapshot } from "../snapshot/schema_snapshot.ts";

/** Writes the schema of one dialect as a script, and runs such a script. */
export interface SchemaDumper {
  /**
   * Returns the statements that build a schema, in an order in which they can run.
   *
   * @param db one connection, without plugins
   * @param schema what it has
   * @throws {BadRequestError} if the schema has something that cannot be written
   */
  dump(db: Kysely<any>, schema: SchemaSnapshot): Promise<readonly string[]>;
  /** Returns a statement as it stands in a script, with what ends it. */
  ended(statement: string): string;
  /**
   * Calls a function that runs a script: in a transaction where that can hold changes of the schema,
   * and with the session as it was before, whatever happens.
   *
   * @param db one connection, or a transaction
   */
  load(db: Kysely<any>, run: (db: Kysely<any>) => Promise<void>): Promise<void>;
}

/** Runs a script in a transaction, or in the one that is open. */
export async function inTransaction(
  db: Kysely<any>,
  run: (db: Kysely<any>) => Promise<void>,
): Promise<void> {
  if (db.isTransaction) await run(db);
  else await db.transaction().execute(run);
}
