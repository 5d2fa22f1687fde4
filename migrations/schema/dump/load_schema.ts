import { BadRequestError, DatabaseError, detectDialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { CompiledQuery, type Kysely } from "kysely";
import { LEXES } from "../../sql/_lexis.ts";
import { splitScript } from "../../sql/_split.ts";
import { DUMPERS } from "./_dumpers.ts";

/**
 * Runs a script of {@linkcode dumpSchema} in an empty database, or in an empty schema. On PostgreSQL
 * and SQLite it is one transaction: all of it happens, or nothing.
 *
 * The script is run as it is. Load only what you trust, as you would run only such a migration.
 *
 * @param db the database, a transaction, or an executor; plugins do not see the statements
 * @param script the script
 * @throws {BadRequestError} if the dialect is not supported
 * @throws {DatabaseError} with the code `DB_QUERY_FAILED` if a statement fails; it says which one, and
 * on MySQL and MariaDB what is before it has happened
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { loadSchema, readSchema } from "@kysera/migrations/schema";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await loadSchema(db, "create table users (id integer);");
 * assert.equal((await readSchema(db)).tables.length, 1);
 * await assert.rejects(loadSchema(db, "create table users (id integer);"), /line 1/);
 * await db.destroy();
 * ```
 */
export async function loadSchema(db: Kysely<any>, script: string): Promise<void> {
  const dialect = detectDialect(db);
  if (dialect === "mssql") {
    throw new BadRequestError("Cannot load schema: mssql is not supported");
  }
  const raw: Kysely<any> = getRawDb(db).withoutPlugins();
  const run = async (connection: Kysely<any>): Promise<void> => {
    for (const part of splitScript(script, LEXES[dialect])) {
      if (part.kind === "comment") continue;
      try {
        await connection.executeQuery(CompiledQuery.raw(part.sql));
      } catch (cause) {
        throw new DatabaseError(
          `Cannot load schema: the statement in line ${part.line} failed: ${messageOf(cause)}`,
          "DB_QUERY_FAILED",
          undefined,
          { cause },
        );
      }
    }
  };
  const load = (connection: Kysely<any>) => DUMPERS[dialect].load(connection, run);
  await (raw.isTransaction ? load(raw) : raw.connection().execute(load));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
