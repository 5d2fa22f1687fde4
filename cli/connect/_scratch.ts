import {
  type Scratch,
  scratchDatabase,
  scratchInMemory,
  scratchSchema,
} from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import { refusal } from "../contract/_cli_error.ts";
import { type Option, text } from "../contract/_options.ts";
import type { Connection } from "./_connection.ts";
import { openDialect } from "./_open_database.ts";

/** The option of commands that run migrations on a scratch database. */
export const SCRATCH_OPTION: Option<string> = text(
  "--scratch <where>",
  "run migrations on a new database of the server, or in a new schema of the database",
  { choices: ["database", "schema"], default: "database" },
);

/**
 * Returns the scratch databases for an open one: in memory, or on its server. Where migrations name
 * schemas, they lead out of a scratch schema, but not out of a scratch database.
 *
 * @param root the folder of the project
 */
export async function scratchOf(
  { db, target }: Connection,
  root: string,
  where: string,
): Promise<Scratch> {
  const { kind } = target;
  if (kind === "sqlite" || kind === "pglite") {
    const create = await openDialect({ ...target, kind }, root, {
      path: ":memory:",
      schema: undefined,
    });
    return scratchInMemory(() => create());
  }
  if (where === "schema") return scratchSchema(db);
  if (kind === "kysely") {
    throw refusal("No scratch database can be created for `database.kysely` of the configuration", {
      hint: "Use `--scratch schema`, or name the database with --url.",
    });
  }
  const schema = kind === "postgres" ? await currentSchema(db) : undefined;
  const create = await openDialect({ ...target, kind }, root, { path: undefined, schema });
  const scratch = scratchDatabase(db, create);
  if (schema === undefined) return scratch;
  return (body) =>
    scratch(async (empty) => {
      // A new database has the schema "public" alone.
      await empty.schema.createSchema(schema).ifNotExists().execute();
      return await body(empty);
    });
}

/** Returns the schema that names without one mean. */
async function currentSchema(db: Kysely<any>): Promise<string | undefined> {
  const { rows } = await sql<{ name: string | null }>`select current_schema() as name`.execute(db);
  return rows[0]?.name ?? undefined;
}
