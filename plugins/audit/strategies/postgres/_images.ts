import { type Expression, sql } from "kysely";
import type { AuditValues } from "../../contract/entry.ts";
import { type JsonValue, stringifyExact } from "../../sql/_json.ts";
import { id, q, tableNode } from "../../sql/_nodes.ts";
import type { ColumnInfo } from "../common/_catalog.ts";
import { refTo } from "../common/_image.ts";
import { bytesOf, copies, type MaskedColumn, type NumberedImage } from "../common/_images.ts";
import type { AuditedTable } from "../common/_table.ts";

/** PostgreSQL reads a row of the table's own type from JSON. */
export function imageSource(
  table: AuditedTable,
  images: readonly NumberedImage[],
  masks: readonly MaskedColumn[],
): Expression<any> {
  const list = images.map(({ n, values }): JsonValue => ({ n, i: without(values, table.masked) }));
  const type = q(tableNode(table.info.name, table.info.schema));
  const own = masks.length === 0 ? sql`` : copies(table, masks, (column) => refTo(column, "r"));
  return sql`(select r.*, e.n as ${id(`${table.free}n`)}${own}
    from jsonb_to_recordset(${stringifyExact(list)}::text::jsonb) as e(n integer, i jsonb)
    cross join lateral jsonb_populate_record(null::${type}, e.i) as r)`;
}

function without(values: AuditValues, masked: ReadonlySet<string>): AuditValues {
  if (masked.size === 0) return values;
  return Object.fromEntries(Object.entries(values).filter(([name]) => !masked.has(name)));
}

/** A value of an entry, as the driver takes it for a column. */
export function columnValue(value: JsonValue, column: ColumnInfo, isJsonNull: boolean): unknown {
  const isJson = column.type === "json" || column.type === "jsonb";
  if (value === null) {
    // What cannot be the null of SQL is that of JSON.
    return isJson && (column.required === true || isJsonNull) ? "null" : null;
  }
  if (column.type.endsWith("[]")) return value;
  if (column.type === "bytea" && typeof value === "string") return bytesOf(value.slice(2));
  if (isJson || typeof value === "object") return stringifyExact(value);
  return typeof value === "bigint" || typeof value === "number" ? String(value) : value;
}
