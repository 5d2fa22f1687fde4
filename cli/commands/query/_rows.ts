import { didYouMean } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import { readSchema, type SchemaTable } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import { usageError } from "../../contract/_cli_error.ts";
import type { Context } from "../../program/_context.ts";

/** A table whose rows are looked at, past the plugins. */
export interface OpenedTable {
  readonly db: Kysely<any>;
  readonly dialect: "postgres" | "mysql" | "sqlite";
  readonly table: SchemaTable;
}

/** Opens the database, and finds a table and a column of it. */
export async function openTable(
  context: Context,
  { table: name, column, schema }: {
    readonly table: string | undefined;
    readonly column: string;
    readonly schema: string | undefined;
  },
): Promise<OpenedTable> {
  if (name === undefined) throw usageError("Name the table: --table users");
  const { db } = await context.open({ missing: "refuse", schema });
  const { tables, dialect } = await readSchema(db);
  const found = tables.find((each) => each.name === name);
  if (found === undefined) {
    const near = didYouMean(name, tables.map((each) => each.name));
    throw usageError(`There is no table "${name}"${near}`);
  }
  const columns = found.columns.map((each) => each.name);
  if (!columns.includes(column)) {
    throw usageError(`"${name}" has no column "${column}"${didYouMean(column, columns)}`, {
      hint: "Name another one with --column.",
    });
  }
  const raw: Kysely<any> = getRawDb(db).withoutPlugins();
  return { db: raw, dialect, table: found };
}
