import { type Expression, sql } from "kysely";
import { refTo } from "../strategies/common/_image.ts";
import type { JsonValue } from "../sql/_json.ts";
import type { AuditedTable } from "../write/_tables.ts";
import type { AuditValues } from "../contract/entry.ts";

/** The columns of an image that hold the null of JSON, which is another one than that of SQL. */
const NULLS = new WeakMap<AuditValues, ReadonlySet<string>>();
const NONE: ReadonlySet<string> = new Set();

/** A row of PostgreSQL as JSON; the null of a JSON column, which would look like no value, is marked. */
export function rowImage({ info }: AuditedTable, alias: string): Expression<any> {
  const row = sql`to_jsonb(${refTo(alias, undefined)}.*)`;
  const marks = info.columns.filter(({ type, required }) => isJson(type) && required !== true)
    .map(({ name, type }) => {
      const typeOf = type === "json" ? sql`json_typeof` : sql`jsonb_typeof`;
      return sql`case when ${typeOf}(${refTo(name, alias)}) = 'null'
        then jsonb_build_object(${name}::text, '{"$json": null}'::jsonb) else '{}'::jsonb end`;
    });
  return marks.length === 0 ? row : sql`(${sql.join([row, ...marks], sql` || `)})`;
}

/** Takes the marks out of an image, and notes where they were. */
export function readJsonNulls(values: AuditValues): AuditValues {
  const marked = Object.keys(values).filter((name) => isMark(values[name]));
  if (marked.length === 0) return values;
  const plain = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, isMark(value) ? null : value]),
  );
  NULLS.set(plain, new Set(marked));
  return plain;
}

/** Returns the columns of an image that hold the null of JSON. */
export function jsonNullsOf(values: AuditValues): ReadonlySet<string> {
  return NULLS.get(values) ?? NONE;
}

/** Notes for a copy of an image what is known of the image. */
export function copyJsonNulls(from: AuditValues, to: AuditValues): AuditValues {
  const nulls = NULLS.get(from);
  if (nulls !== undefined) NULLS.set(to, nulls);
  return to;
}

/** Whether a type of PostgreSQL is JSON. */
export function isJson(type: string): boolean {
  return type === "json" || type === "jsonb";
}

function isMark(value: JsonValue | undefined): boolean {
  if (typeof value !== "object" || value === null) return false;
  const members = Object.entries(value);
  return members.length === 1 && members[0]![0] === "$json" && members[0]![1] === null;
}
