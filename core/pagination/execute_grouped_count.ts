import {
  expressionBuilder,
  GroupByItemNode,
  GroupByNode,
  type SelectQueryBuilder,
  type StringReference,
} from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
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
 * @throws {BadRequestError} If `query` is not a SELECT, or if the column has NULL and the text "null".
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
  const counts = new Map<string, number>();
  for (const row of rows) {
    const text = textOf(row["key"]);
    // SQLite keeps 1 and '1' apart, which are one text.
    counts.set(text, (counts.get(text) ?? 0) + readCount(row));
  }
  const nulls = rows.some((row) => row["key"] === null);
  if (nulls && rows.some((row) => row["key"] === "null")) {
    throw new BadRequestError(
      `Cannot ${action}: NULL and the text "null" both occur in the column, and would share the ` +
        `key "null"; leave one of them out by where(), or use groupBy() of the query builder`,
    );
  }
  return Object.fromEntries(counts);
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
