import { detectDialect, didYouMean } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import type { Connection } from "../../connect/_connection.ts";
import { refusal, usageError } from "../../contract/_cli_error.ts";
import type { Context } from "../../program/_context.ts";

/** A database that has schemas; on MySQL and MariaDB they are the databases of the server. */
export interface Schemas extends Connection {
  readonly dialect: "postgres" | "mysql";
  /** Returns the names, those of the server itself left out. */
  list(): Promise<string[]>;
}

/** Opens the database; throws where it has no schemas. */
export async function openSchemas(context: Context): Promise<Schemas> {
  const connection = await context.open({ missing: "refuse" });
  const dialect = detectDialect(connection.db);
  if (dialect !== "postgres" && dialect !== "mysql") {
    throw refusal(`${connection.target.label} has no schemas`, {
      hint: "Only PostgreSQL, PGlite, MySQL and MariaDB have.",
    });
  }
  // What catalogs say of schemas is not a row that plugins are for.
  const db: Kysely<any> = getRawDb(connection.db).withoutPlugins();
  return { ...connection, db, dialect, list: () => LISTS[dialect](db) };
}

/** Throws if there is no schema of a name. */
export async function assertSchema(schemas: Schemas, name: string): Promise<void> {
  const names = await schemas.list();
  if (!names.includes(name)) {
    throw usageError(`There is no schema "${name}"${didYouMean(name, names)}`);
  }
}

/** The name of a schema: as it is given, or that of a tenant. */
export function schemaName(name: string | undefined, tenant: string | undefined): string {
  if (name !== undefined && tenant === undefined) return name;
  if (tenant !== undefined && name === undefined) return `tenant_${tenant}`;
  throw usageError("Give either the name of the schema, or --tenant");
}

const LISTS: Readonly<Record<Schemas["dialect"], (db: Kysely<any>) => Promise<string[]>>> = {
  postgres: async (db) => {
    const { rows } = await sql<{ name: string }>`
      select nspname as name from pg_namespace
      where nspname not like 'pg\\_%' and nspname <> 'information_schema' order by 1`.execute(db);
    return rows.map(({ name }) => name);
  },
  mysql: async (db) => {
    const { rows } = await sql<{ name: string }>`
      select schema_name as name from information_schema.schemata
      where schema_name not in ('information_schema', 'mysql', 'performance_schema', 'sys')
      order by 1`.execute(db);
    return rows.map(({ name }) => name);
  },
};
