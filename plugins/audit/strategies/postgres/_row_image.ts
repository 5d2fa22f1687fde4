import { type Expression, sql } from "kysely";
import { refTo } from "../common/_image.ts";
import type { AuditedTable } from "../common/_table.ts";

/** A row of PostgreSQL as JSON; the null of a JSON column, which would look like no value, is marked. */
export function rowImage({ info }: AuditedTable, alias: string): Expression<any> {
  const row = sql`to_jsonb(${refTo(alias, undefined)}.*)`;
  const marks = info.columns.filter(({ type, required }) =>
    (type === "json" || type === "jsonb") && required !== true
  )
    .map(({ name, type }) => {
      const typeOf = type === "json" ? sql`json_typeof` : sql`jsonb_typeof`;
      return sql`case when ${typeOf}(${refTo(name, alias)}) = 'null'
        then jsonb_build_object(${name}::text, '{"$json": null}'::jsonb) else '{}'::jsonb end`;
    });
  return marks.length === 0 ? row : sql`(${sql.join([row, ...marks], sql` || `)})`;
}
