import { type Expression, sql } from "kysely";
import { keyOf, refTo } from "../common/_image.ts";
import type { AuditedTable } from "../common/_table.ts";
import { ROWS } from "./_rows.ts";

/** What entries call a row, as SQL. */
export function entitySql(table: AuditedTable, alias: string): Expression<any> {
  const { key } = table;
  if (key.length === 0) return sql`null`;
  if (key.length > 1) return keyOf(table, key, alias, ROWS);
  const ref = refTo(key[0]!, alias);
  return sql`case typeof(${ref}) when 'blob' then ${"\\x"} || lower(hex(${ref}))
    else cast(${ref} as text) end`;
}
