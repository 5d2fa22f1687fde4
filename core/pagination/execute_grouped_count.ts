import {
  expressionBuilder,
  GroupByItemNode,
  GroupByNode,
  type SelectQueryBuilder,
  type StringReference,
} from "kysely";
import { countAll, readCount } from "./_count.ts";
import { layOut, splitOrder } from "./_layout.ts";
import { selectAs } from "./_nodes.ts";
import { inspect, orderedBy, replace } from "./_query.ts";

const action = "count rows";

/**
 * Counts the rows that a query would give, by the value of one column.
 *
 * @param query The query.
 * @param column A column of its tables, or of its result.
 * @returns How many rows have each value; the values as text, NULL as `null`.
 * @throws {BadRequestError} If `query` is no SELECT.
 *
 * @example
 * ```ts
 * import { executeGroupedCount } from "@kysera/core";
 * import Database from "better-sqlite3";
 * import { Kysely, SqliteDialect } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ posts: { id: number; status: string } }>({
 *   dialect: new SqliteDialect({ database: new Database(":memory:") }),
 * });
 * await db.schema.createTable("posts")
 *   .addColumn("id", "integer")
 *   .addColumn("status", "text")
 *   .execute();
 * await db.insertInto("posts").values([
 *   { id: 1, status: "draft" },
 *   { id: 2, status: "live" },
 *   { id: 3, status: "live" },
 * ]).execute();
 *
 * const counts = await executeGroupedCount(db.selectFrom("posts").selectAll(), "status");
 * assert.deepEqual(counts, { draft: 1, live: 2 });
 * await db.destroy();
 * ```
 */
export async function executeGroupedCount<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  column: StringReference<DB, TB> | (keyof O & string),
): Promise<Record<string, number>> {
  const ordered = orderedBy(query, [expressionBuilder<any, any>().ref(column)], action);
  const inspected = inspect(ordered, action);
  const { query: node, items } = splitOrder(inspected.node, 1);
  const wanted = { asked: items, unique: [], implied: false };
  const layout = layOut(node, wanted, action);
  const [key] = layout.keys;
  const { orderBy: _, endModifiers: __, ...rest } = layout.query;
  const rows: Record<string, unknown>[] = await replace(ordered, inspected, {
    ...rest,
    selections: [selectAs(key!, "key"), countAll()],
    groupBy: GroupByNode.create([GroupByItemNode.create(key!)]),
  }).execute();
  return Object.fromEntries(rows.map((row) => [textOf(row["key"]), readCount(row)]));
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
