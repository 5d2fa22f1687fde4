import { type Dialect, didYouMean } from "@kysera/core";
import { z } from "zod";
import { usageError } from "../../contract/_cli_error.ts";
import type { Relation } from "../_catalog.ts";
import { valueOf } from "./_build_condition.ts";
import type { Value } from "./_query.ts";

/** The values of a row by the names of its columns. */
export type Row = Readonly<Record<string, Value>>;

/** The values of a row. */
export const ROW: z.ZodType<Row> = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null()]),
);

/**
 * Returns the values of a row as the database takes them.
 *
 * @throws {CliError} if the table has no such column, or there is no value
 */
export function valuesOf(row: Row, { name, columns }: Relation, dialect: Dialect): Row {
  const entries = Object.entries(row);
  if (entries.length === 0) throw usageError("There is no value");
  return Object.fromEntries(entries.map(([column, value]) => {
    if (columns.has(column)) return [column, valueOf(value, dialect)];
    throw usageError(`"${name}" has no column "${column}"${didYouMean(column, [...columns])}`);
  }));
}
