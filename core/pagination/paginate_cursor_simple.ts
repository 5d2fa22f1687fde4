import type { SelectQueryBuilder } from "kysely";
import { assertKnownOptions } from "../assert_known_options.ts";
import { type CursorOptions, paginateCursor } from "./paginate_cursor.ts";
import type { PaginatedResult } from "./paginated_result.ts";

/** Options of {@linkcode paginateCursorSimple}. */
export type SimpleCursorOptions = Pick<
  CursorOptions<any, any, any>,
  "limit" | "cursor" | "direction" | "total" | "security" | "signal"
>;

/**
 * Reads a page as {@linkcode paginateCursor} does, in the order of the column `id`, which must be
 * unique and not null.
 *
 * @param query The query, without an order or a limit of its own.
 * @param options The size of the page, and the cursor.
 * @returns The rows, and cursors for the pages before and after.
 * @throws {BadRequestError} If the cursor is refused, or an option is wrong.
 *
 * @example
 * ```ts
 * import { paginateCursorSimple } from "@kysera/core";
 * import Database from "better-sqlite3";
 * import { Kysely, SqliteDialect } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ posts: { id: number } }>({
 *   dialect: new SqliteDialect({ database: new Database(":memory:") }),
 * });
 * await db.schema.createTable("posts").addColumn("id", "integer").execute();
 * await db.insertInto("posts").values([{ id: 1 }, { id: 2 }]).execute();
 *
 * const query = db.selectFrom("posts").selectAll();
 * const { data, pagination } = await paginateCursorSimple(query, { limit: 1 });
 * assert.deepEqual(data, [{ id: 1 }]);
 *
 * const next = await paginateCursorSimple(query, { limit: 1, cursor: pagination.nextCursor });
 * assert.deepEqual(next.data, [{ id: 2 }]);
 * await db.destroy();
 * ```
 */
export async function paginateCursorSimple<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  options: SimpleCursorOptions = {},
): Promise<PaginatedResult<O>> {
  const names = ["limit", "cursor", "direction", "total", "security", "signal"];
  assertKnownOptions(options, names, { action: "paginate by cursor" });
  return await paginateCursor<any, any, O>(query, {
    ...options,
    orderBy: [{ column: "id", nullable: false }],
    uniqueBy: [],
  });
}
