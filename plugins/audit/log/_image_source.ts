import type { DialectName } from "@kysera/executor";
import { type Expression, sql } from "kysely";
import type { ColumnInfo } from "../strategies/common/_catalog.ts";
import { holdsBytes, refTo } from "../strategies/common/_image.ts";
import { type JsonValue, stringifyExact } from "../sql/_json.ts";
import { id, q, tableNode } from "../sql/_nodes.ts";
import type { AuditedTable } from "../write/_tables.ts";
import type { MaskedColumn } from "./_visible.ts";
import type { AuditValues } from "../contract/entry.ts";

/** An image, and its number. */
interface NumberedImage {
  readonly n: number;
  readonly values: AuditValues;
}

/**
 * Images of rows as a table expression: the columns of the table, of its types and collations, with
 * a column for the number of an image, and copies of those that may be masked.
 */
export function imageSource(
  table: AuditedTable,
  images: readonly NumberedImage[],
  masks: readonly MaskedColumn[],
  dialect: DialectName,
): Expression<any> {
  if (dialect === "postgres") return postgres(table, images, masks);
  return dialect === "sqlite" ? sqlite(table, images, masks) : mysql(table, images, masks);
}

function copies(
  { free }: AuditedTable,
  masks: readonly MaskedColumn[],
  of: (column: string) => Expression<any>,
): Expression<any> {
  const all = masks.map(({ column }, i) => sql`, ${of(column)} as ${id(`${free}r${i}`)}`);
  return sql.join(all, sql``);
}

/** PostgreSQL reads a row of the table's own type from JSON. */
function postgres(
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

/** SQLite compares by the affinity and the collation of a column: a union has those of its first part. */
function sqlite(
  table: AuditedTable,
  images: readonly NumberedImage[],
  masks: readonly MaskedColumn[],
): Expression<any> {
  const { columns } = table.info;
  const bytesOnly = columns.map(({ name }) => {
    const values = images.map(({ values }) => values[name]).filter((value) => value != null);
    return values.length > 0 && values.every((value) => bytesIn(value) !== undefined);
  });
  const list = images.map(({ n, values }): JsonValue => [
    n,
    ...columns.map(({ name }, i) => {
      const value = table.masked.has(name) ? null : values[name] ?? null;
      return bytesOnly[i] ? bytesIn(value) ?? null : typeof value === "object" ? null : value;
    }),
  ]);
  const typed = columns.map(({ type }, i) => {
    const value = sql`json_extract(e.value, ${sql.lit(`$[${i + 1}]`)})`;
    if (bytesOnly[i]) return sql`unhex(${value})`;
    const affinity = affinityOf(type);
    return affinity === "none"
      ? value
      : affinity === "text"
      ? sql`cast(${value} as text)`
      : sql`cast(${value} as numeric)`;
  });
  const all = columns.map(({ name }) => refTo(name, "t"));
  const names = columns.map(({ name }, i) => sql`${typed[i]!} as ${id(name)}`);
  const own = masks.length === 0 ? sql`` : copies(table, masks, (column) => id(column));
  return sql`(select *${own} from (select 0 as ${id(`${table.free}n`)}, ${sql.join(all)}
    from ${q(tableNode(table.info.name, table.info.schema))} as t where 0
    union all select json_extract(e.value, '$[0]'), ${sql.join(names)}
    from json_each(${stringifyExact(list)}) as e))`;
}

/** MariaDB and MySQL read columns of a type from JSON. */
function mysql(
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

function without(values: AuditValues, masked: ReadonlySet<string>): AuditValues {
  if (masked.size === 0) return values;
  return Object.fromEntries(Object.entries(values).filter(([name]) => !masked.has(name)));
}

function bytesIn(value: JsonValue | undefined): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const bytes = (value as { readonly $bytes?: unknown }).$bytes;
  return typeof bytes === "string" ? bytes : undefined;
}

/** How SQLite compares a column, by its declared type. */
export function affinityOf(type: string): "numeric" | "text" | "none" {
  if (/int/i.test(type)) return "numeric";
  if (/char|clob|text/i.test(type)) return "text";
  return type === "" || /blob/i.test(type) ? "none" : "numeric";
}
