import { ColumnNode, ExpressionWrapper, ReferenceNode, TableNode } from "kysely";

/**
 * Creates a reference to a column of a table by its exact name. Kysely's own `ref("table.column")`
 * parses its text: it removes spaces at the ends of a name, and `orderBy` and `select` take
 * a name with spaces for a direction or an alias.
 *
 * @param table the table, with its schema in front where it has one (`"schema.table"`), or an alias
 * @param column the column, whatever characters its name has
 * @returns the reference, which can stand wherever an expression can
 *
 * @example
 * ```ts
 * import { columnReference } from "@kysera/executor";
 * import Database from "better-sqlite3";
 * import { Kysely, SqliteDialect } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<any>({ dialect: new SqliteDialect({ database: new Database(":memory:") }) });
 * const query = db.selectFrom("Order Details").selectAll()
 *   .orderBy(columnReference("Order Details", "Unit Price"), "desc");
 * assert.equal(
 *   query.compile().sql,
 *   'select * from "Order Details" order by "Order Details"."Unit Price" desc',
 * );
 * await db.destroy();
 * ```
 */
export function columnReference(
  table: string,
  column: string,
): ExpressionWrapper<any, any, any> {
  const dot = table.indexOf(".");
  const node = dot < 0
    ? TableNode.create(table)
    // As Kysely reads the name of a table
    : TableNode.createWithSchema(table.slice(0, dot).trim(), table.slice(dot + 1).trim());
  return new ExpressionWrapper(ReferenceNode.create(ColumnNode.create(column), node));
}
