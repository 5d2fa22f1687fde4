import { type Expression, sql } from "kysely";
import { type JsonValue, stringifyExact } from "../../sql/_json.ts";
import { id } from "../../sql/_nodes.ts";
import type { ColumnInfo } from "../common/_catalog.ts";
import { copies, type MaskedColumn, type NumberedImage } from "../common/_images.ts";
import type { AuditedTable } from "../common/_table.ts";
import { holdsBytes } from "./_rows.ts";

/** MariaDB and MySQL read columns of a type from JSON. */
export function imageSource(
  table: AuditedTable,
  images: readonly NumberedImage[],
  masks: readonly MaskedColumn[],
): Expression<any> {
  const { columns } = table.info;
  const list = images.map(({ n, values }): JsonValue => [
    n,
    ...columns.map((column) => {
      const value = table.masked.has(column.name) ? null : values[column.name] ?? null;
      if (value === null) return null;
      if (holdsBytes(column)) return typeof value === "string" ? value.slice(2) : null;
      return typeof value === "object" ? stringifyExact(value) : value;
    }),
  ]);
  const declared = columns.map((column, i) =>
    sql`${id(`c${i}`)} ${sql.raw(typeOf(column))} path ${sql.lit(`$[${i + 1}]`)}
      null on empty error on error`
  );
  const value = (i: number): Expression<any> =>
    holdsBytes(columns[i]!) ? sql`unhex(e.${id(`c${i}`)})` : sql`e.${id(`c${i}`)}`;
  const all = columns.map(({ name }, i) => sql`${value(i)} as ${id(name)}`);
  const own = masks.length === 0
    ? sql``
    : copies(table, masks, (column) => value(columns.findIndex(({ name }) => name === column)));
  return sql`(select e.kysera_n as ${id(`${table.free}n`)}, ${sql.join(all)}${own}
    from json_table(${stringifyExact(list)}, '$[*]' columns (
      kysera_n integer path '$[0]', ${sql.join(declared)})) as e)`;
}

/** A type as it is declared; it comes from the catalog. */
function typeOf(column: ColumnInfo): string {
  const { type, collation } = column.declared ?? { type: column.type, collation: null };
  if (holdsBytes(column)) return "longtext";
  const collated = collation === null
    ? ""
    : ` character set ${collation.slice(0, collation.indexOf("_"))} collate ${collation}`;
  if (/^(?:enum|set)\b/i.test(type)) return `varchar(255)${collated}`;
  if (/^(?:long|medium|tiny)?text\b|^json\b/i.test(type)) return `longtext${collated}`;
  return `${type.replace(/^timestamp/i, "datetime")}${collated}`;
}

/** Types that nothing makes a value of again. */
const UNREADABLE = /^(?:bit|geometry|point|.*polygon|.*linestring|.*collection|multipoint)$/;

/** Whether JSON holds a value as the row had it. */
export function isWhole(_value: JsonValue, { type }: ColumnInfo): boolean {
  return !UNREADABLE.test(type);
}

/** A value of an entry, as the driver takes it for a column. */
export function columnValue(value: JsonValue, column: ColumnInfo, isJsonNull: boolean): unknown {
  if (value === null) return column.type === "json" && isJsonNull ? "null" : null;
  if (holdsBytes(column) && typeof value === "string") return sql`unhex(${value.slice(2)})`;
  return typeof value === "object" ? stringifyExact(value) : value;
}
