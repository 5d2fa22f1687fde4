import type { ExpressionBuilder } from "kysely";
import type { Row, Table } from "./_table.ts";

/** The version column counted up, for `set`; nothing where there is no such column. */
export function counted(table: Table, eb: ExpressionBuilder<any, any>): Row {
  const { versionColumn } = table.definition;
  return versionColumn === undefined
    ? {}
    : { [versionColumn]: eb(`${table.name}.${versionColumn}`, "+", 1) };
}
