import { type Expression, sql } from "kysely";
import { type JsonValue, stringifyExact } from "../../sql/_json.ts";
import { id } from "../../sql/_nodes.ts";
import type { ColumnInfo } from "./_catalog.ts";
import { type AuditedTable, MASK } from "./_table.ts";

/** Older SQLite takes so many arguments in one call, and a column takes two. */
const MOST_COLUMNS = 60;

/** How a dialect writes rows as JSON, value by value. */
export interface RowTraits {
  /** JSON with a colon before it: no driver and no Kysely plugin takes it for anything but text. */
  text(json: Expression<any>): Expression<any>;
  /** A value of a column, as JSON can hold it. */
  value(ref: Expression<any>, column: ColumnInfo): Expression<any>;
  /** One object of parts of its members. */
  object(parts: readonly Expression<any>[]): Expression<any>;
}

/** A row as JSON, as far as it is kept. */
export function imageOf(
  table: AuditedTable,
  alias: string | undefined,
  rows: RowTraits,
): Expression<any> {
  const members = table.kept.map((column) => {
    const ref = refTo(column.name, alias);
    const value = table.masked.has(column.name)
      ? sql`case when ${ref} is null then null else ${MASK} end`
      : rows.value(ref, column);
    // A name as text in SQL; it comes from the database's own catalog.
    return sql`${column.name}, ${value}`;
  });
  if (members.length <= MOST_COLUMNS) return sql`json_object(${sql.join(members)})`;
  // Parts of one object, the brackets between them taken out.
  const parts: Expression<any>[] = [];
  for (let i = 0; i < members.length; i += MOST_COLUMNS) {
    const part = sql`json_object(${sql.join(members.slice(i, i + MOST_COLUMNS))})`;
    parts.push(sql`substr(${part}, 2, length(${part}) - 2)`);
  }
  return rows.object(parts);
}

/** Values of some columns as a JSON list. */
export function listOf(values: readonly Expression<any>[]): Expression<any> {
  return sql`json_array(${sql.join(values)})`;
}

/** The key of a row as a JSON list. */
export function keyOf(
  table: AuditedTable,
  columns: readonly string[],
  alias: string | undefined,
  rows: RowTraits,
): Expression<any> {
  return listOf(columns.map((name) => {
    const column = table.info.columns.find((each) => each.name === name);
    const ref = refTo(name, alias);
    // The number of a row in SQLite is not a column of it.
    return column === undefined ? ref : rows.value(ref, column);
  }));
}

/** A column, of an alias where there is one. */
export function refTo(name: string, alias: string | undefined): Expression<any> {
  return alias === undefined ? sql`${id(name)}` : sql`${id(alias)}.${id(name)}`;
}

/** What entries call a row, from its key as a list. */
export function entityOf(key: readonly JsonValue[]): string | null {
  if (key.length === 0) return null;
  if (key.length > 1) return stringifyExact(key);
  const [only] = key;
  if (only === null || only === undefined) return null;
  if (typeof only !== "object") return String(only);
  const bytes = (only as { readonly $bytes?: string }).$bytes;
  return bytes === undefined ? stringifyExact(only) : `\\x${bytes}`;
}
