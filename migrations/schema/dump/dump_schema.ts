import { getRawDb } from "@kysera/executor";
import type { Kysely } from "kysely";
import { readSchema, type ReadSchemaOptions } from "../read/read_schema.ts";
import { DUMPERS } from "./_dumpers.ts";

/** Options of {@linkcode dumpSchema}: those of {@linkcode readSchema}. */
export type DumpSchemaOptions = ReadSchemaOptions;

/**
 * Writes the schema of a database as a script of SQL that builds it again in an empty one.
 *
 * What is written is what {@linkcode readSchema} reads, in an order in which it can run; names of the
 * default schema stand without it, so the script can be loaded into another schema. The dump of a
 * loaded dump is the same. On MySQL and MariaDB definers and the next numbers of tables are left out,
 * and there is one statement to the server for each object.
 *
 * @param db the database, a transaction, or an executor
 * @param options which schemas; several on PostgreSQL alone
 * @returns the script
 * @throws {BadRequestError} if an option is unknown or wrong, or there is a foreign table
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { dumpSchema, loadSchema } from "@kysera/migrations/schema";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const open = () =>
 *   new Kysely<any>({ dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }) });
 * const [db, copy] = [open(), open()];
 * await db.schema.createTable("users").addColumn("id", "integer").execute();
 *
 * const script = await dumpSchema(db);
 * await loadSchema(copy, script);
 * assert.equal(await dumpSchema(copy), script);
 * await Promise.all([db.destroy(), copy.destroy()]);
 * ```
 */
export async function dumpSchema(
  db: Kysely<any>,
  options: DumpSchemaOptions = {},
): Promise<string> {
  const raw: Kysely<any> = getRawDb(db).withoutPlugins();
  const dump = async (connection: Kysely<any>): Promise<string> => {
    const schema = await readSchema(connection, options);
    const dumper = DUMPERS[schema.dialect];
    const statements = await dumper.dump(connection, schema);
    return statements.map((statement) => `${dumper.ended(statement)}\n`).join("\n");
  };
  return raw.isTransaction ? await dump(raw) : await raw.connection().execute(dump);
}
