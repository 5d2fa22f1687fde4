import type { DialectName } from "@kysera/executor";
import { type Expression, sql } from "kysely";
import type { ColumnInfo } from "./_catalog.ts";
import { type JsonValue, stringifyExact } from "../../sql/_json.ts";
import { id } from "../../sql/_nodes.ts";
import { type AuditedTable, MASK } from "../../write/_tables.ts";

/** Older SQLite takes so many arguments in one call, and a column takes two. */
const MOST_COLUMNS = 60;
const BYTES = /blob|binary|^bit$|geometry|point|linestring|polygon/;

/** A row as JSON, as far as it is kept, on SQLite and MySQL. */
export function imageOf(
  table: AuditedTable,
  alias: string | undefined,
  dialect: DialectName,
): Expression<any> {
  const members = table.kept.map((column) => {
    const ref = refTo(column.name, alias);
    const value = table.masked.has(column.name)
      ? sql`case when ${ref} is null then null else ${MASK} end`
      : valueOf(ref, column, dialect);
    return sql`${literal(column.name)}, ${value}`;
  });
  if (members.length <= MOST_COLUMNS) return sql`json_object(${sql.join(members)})`;
  // Parts of one object, the brackets between them taken out.
  const parts: Expression<any>[] = [];
  for (let i = 0; i < members.length; i += MOST_COLUMNS) {
    const part = sql`json_object(${sql.join(members.slice(i, i + MOST_COLUMNS))})`;
    parts.push(sql`substr(${part}, 2, length(${part}) - 2)`);
  }
  const inner = dialect === "sqlite"
    ? sql.join(parts, sql` || ',' || `)
    : sql`concat_ws(',', ${sql.join(parts)})`;
  return dialect === "sqlite" ? sql`'{' || ${inner} || '}'` : sql`concat('{', ${inner}, '}')`;
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
  dialect: DialectName,
): Expression<any> {
  return listOf(columns.map((name) => {
    const column = table.info.columns.find((each) => each.name === name);
    const ref = refTo(name, alias);
    // The number of a row in SQLite is no column of it.
    return column === undefined ? ref : valueOf(ref, column, dialect);
  }));
}

/** A column, of an alias where there is one. */
export function refTo(name: string, alias: string | undefined): Expression<any> {
  return alias === undefined ? sql`${id(name)}` : sql`${id(alias)}.${id(name)}`;
}

/** Whether a column holds bytes, which JSON does not: MySQL. */
export function holdsBytes({ type }: ColumnInfo): boolean {
  return BYTES.test(type);
}

function valueOf(ref: Expression<any>, column: ColumnInfo, dialect: DialectName): Expression<any> {
  if (dialect === "sqlite") {
    return sql`case typeof(${ref}) when 'blob' then json_object('$bytes', lower(hex(${ref})))
      else ${ref} end`;
  }
  if (holdsBytes(column)) return sql`concat(${"\\x"}, lower(hex(${ref})))`;
  // MariaDB keeps JSON as a text: as it was written, and not as what it means.
  if (column.type === "longtext") return sql`cast(${ref} as char)`;
  // All digits of what it holds, which JSON_OBJECT would not write.
  return column.type === "float" ? sql`cast(${ref} as double)` : ref;
}

/** A name as text in SQL; it comes from the database's own catalog. */
function literal(name: string): Expression<any> {
  return sql`${name}`;
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
