import { type Expression, sql } from "kysely";
import { type JsonValue, stringifyExact } from "../../sql/_json.ts";
import { id, q, tableNode } from "../../sql/_nodes.ts";
import type { ColumnInfo } from "../common/_catalog.ts";
import { refTo } from "../common/_image.ts";
import { bytesOf, copies, type MaskedColumn, type NumberedImage } from "../common/_images.ts";
import type { AuditedTable } from "../common/_table.ts";

/** SQLite compares by the affinity and the collation of a column: a union has those of its first part. */
export function imageSource(
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

function bytesIn(value: JsonValue | undefined): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const bytes = (value as { readonly $bytes?: unknown }).$bytes;
  return typeof bytes === "string" ? bytes : undefined;
}

/** Whether JSON holds a value as the row had it: a column may hold what is not of its type. */
export function isWhole(value: JsonValue, { type }: ColumnInfo): boolean {
  const affinity = affinityOf(type);
  if (affinity === "numeric") {
    return value === null || typeof value === "number" || typeof value === "bigint";
  }
  return affinity !== "text" || typeof value !== "object" || value === null;
}

/** How SQLite compares a column, by its declared type. */
function affinityOf(type: string): "numeric" | "text" | "none" {
  if (/int/i.test(type)) return "numeric";
  if (/char|clob|text/i.test(type)) return "text";
  return type === "" || /blob/i.test(type) ? "none" : "numeric";
}

/** A value of an entry, as the driver takes it for a column. */
export function columnValue(value: JsonValue): unknown {
  const bytes = bytesIn(value);
  return bytes === undefined ? value : bytesOf(bytes);
}
