import { type Expression, type SelectQueryBuilder, type StringReference, ValueNode } from "kysely";
import { abortable } from "../abortable.ts";
import { assertKnownOptions } from "../assert_known_options.ts";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { arrange, layOutFor } from "./_arrange.ts";
import { CursorCodec } from "./_cursor.ts";
import { isInclusive, pageOf, positionOf } from "./_ends.ts";
import { fingerprint } from "./_fingerprint.ts";
import { bounded, defaultLimit, maxLimit, oneOf, signalOf } from "./_options.ts";
import { statementsOf } from "./_page.ts";
import { runInstead } from "./_run_instead.ts";
import { totalOf } from "./_total.ts";
import { typesOf } from "./_values.ts";
import type { CursorSecurity } from "./cursor_security.ts";
import type { PaginatedResult, TotalMode } from "./paginated_result.ts";

/** What a query can be ordered by: a column of its tables or of its result, or an expression. */
export type CursorColumn<DB, TB extends keyof DB, O> =
  | StringReference<DB, TB>
  | (keyof O & string)
  | Expression<unknown>;

/** One step of an order. */
export interface CursorOrderBy<DB, TB extends keyof DB, O> {
  /** What to order by. It does not have to be selected. */
  readonly column: CursorColumn<DB, TB, O>;
  /** `asc`, which is the default, or `desc`. */
  readonly direction?: "asc" | "desc" | undefined;
  /**
   * Where NULLs come. The default is the database's own: PostgreSQL takes NULL for the greatest
   * value, MySQL and SQLite for the least.
   */
  readonly nulls?: "first" | "last" | undefined;
  /**
   * Whether there can be NULLs, which is the default. `false` for a column that is declared NOT
   * NULL lets PostgreSQL use an index on it; rows with NULL would be left out.
   */
  readonly nullable?: boolean | undefined;
}

/** Options of {@linkcode paginateCursor}. */
export interface CursorOptions<DB, TB extends keyof DB, O> {
  /** The order. */
  readonly orderBy: readonly CursorOrderBy<DB, TB, O>[];
  /** The most rows of a page, between 1 and 10,000; 20 by default. */
  readonly limit?: number | undefined;
  /** A cursor of another page, where this one is not the first; the empty text is none. */
  readonly cursor?: string | null | undefined;
  /**
   * Which way to go from the cursor. The default is what the cursor was made for. Without a cursor,
   * `backward` gives the last page.
   */
  readonly direction?: "forward" | "backward" | undefined;
  /**
   * What makes a row unique, so that rows equal in `orderBy` have an order as well. The default is
   * the column `id` of each table, of a grouped query what it groups by, and of one with DISTINCT
   * or UNION all its columns. An empty list says that `orderBy` is unique as it is.
   */
  readonly uniqueBy?: readonly CursorColumn<DB, TB, O>[] | undefined;
  /** Whether to count the rows of all pages: `none` by default, which saves a query. */
  readonly total?: TotalMode | undefined;
  /** Signs cursors, so that nobody else can make one. */
  readonly security?: CursorSecurity | undefined;
  /** Ends the wait where it is aborted; a query that was sent runs on, and its result is dropped. */
  readonly signal?: AbortSignal | undefined;
}

const action = "paginate by cursor";
const optionNames = [
  "orderBy",
  "limit",
  "cursor",
  "direction",
  "uniqueBy",
  "total",
  "security",
  "signal",
];
const orderNames = ["column", "direction", "nulls", "nullable"];

/**
 * Reads a page of rows next to a cursor. The rows are found by the values that the order has at the
 * cursor, so a page costs the same however many come before it, and rows that are added or removed
 * in the meantime do not shift the others.
 *
 * A cursor is bound to its query: the tables, the filter with its values, and the order. One that
 * was made for another query, or was changed, is refused before anything runs. It holds the values
 * that its row is ordered by, readable for whoever has it.
 *
 * @param query The query, without an order or a limit of its own.
 * @param options The order, the size of the page, and the cursor.
 * @returns The rows, and cursors for the pages before and after.
 * @throws {BadRequestError} If the cursor is refused, an option is wrong, or the query cannot be
 * paginated as it stands.
 * @throws the reason of the signal, where it is aborted.
 *
 * @example
 * ```ts
 * import { paginateCursor } from "@kysera/core";
 * import Database from "better-sqlite3";
 * import { Kysely, SqliteDialect } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ posts: { id: number; title: string; score: number | null } }>({
 *   dialect: new SqliteDialect({ database: new Database(":memory:") }),
 * });
 * await db.schema.createTable("posts")
 *   .addColumn("id", "integer", (column) => column.primaryKey())
 *   .addColumn("title", "text")
 *   .addColumn("score", "integer")
 *   .execute();
 * await db.insertInto("posts").values([
 *   { id: 1, title: "one", score: 5 },
 *   { id: 2, title: "two", score: null },
 *   { id: 3, title: "three", score: 5 },
 * ]).execute();
 *
 * const query = db.selectFrom("posts").select("title");
 * const orderBy = [{ column: "score", direction: "desc" }] as const;
 *
 * const first = await paginateCursor(query, { orderBy, limit: 2 });
 * assert.deepEqual(first.data, [{ title: "three" }, { title: "one" }]);
 *
 * const cursor = first.pagination.nextCursor;
 * const second = await paginateCursor(query, { orderBy, limit: 2, cursor });
 * assert.deepEqual(second.data, [{ title: "two" }]);
 * assert.equal(second.pagination.hasNext, false);
 * await db.destroy();
 * ```
 */
export async function paginateCursor<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  options: CursorOptions<DB, TB, O>,
): Promise<PaginatedResult<O>> {
  assertKnownOptions(options, optionNames, { action });
  const signal = signalOf(options.signal, action);
  const { cursor, orderBy, security, uniqueBy } = options;
  const bounds = { least: 1, most: maxLimit, initial: defaultLimit };
  const limit = bounded(options.limit, "limit", bounds, action);
  const direction = oneOf(options.direction, "direction", ["forward", "backward"], action);
  const mode = oneOf(options.total, "total", ["exact", "estimate", "none"], action) ?? "none";
  checkOrder(orderBy);

  const arranged = arrange(query, orderBy, uniqueBy);
  const { dialect, implied, inspected, keys: asked, ordered, plain } = arranged;
  const codec = new CursorCodec(fingerprint(inspected, asked), asked.length, security);
  const position = positionOf(codec, cursor);
  const forward = (direction ?? position?.direction ?? "forward") === "forward";
  const replaceable = { query: ordered, inspected, dialect, implied };
  const types = await abortable(signal, () =>
    typesOf({
      dialect,
      layout: plain,
      values: position?.values,
      run: (node) => runInstead(replaceable, node),
    }));
  const total = await abortable(signal, () => totalOf(ordered, inspected, dialect, mode));
  const statements = statementsOf({
    ...layOutFor(arranged, types, forward),
    dialect,
    types,
    from: position?.values.map((value, index) => {
      const [kind, text] = value ?? ["", null];
      if (text === null) return undefined;
      const type = types[index]!;
      const kept = [kind, text] as const;
      return type.operand(type.form(kept), ValueNode.create(type.parameter(kept)));
    }),
    inclusive: isInclusive(position, forward),
  });
  const found: Record<string, unknown>[] = [];
  for (let part = 0; part < statements.count && found.length <= limit; part++) {
    const most = limit + 1 - found.length;
    const rows = await abortable(
      signal,
      () => runInstead(replaceable, statements.statement(part, most)),
    );
    found.push(...statements.inOrder(part, rows, most));
  }
  const page = pageOf({ codec, position, forward, limit }, statements.read(found));
  if (page === undefined) throw new Error("Cannot make cursor: the values of keys were not read");
  // The columns that were added are gone again: what is left is what the query selects
  const { data, ends } = page;
  return {
    data: data as O[],
    pagination: { limit, ...total === undefined ? {} : { total }, ...ends },
  };
}

function checkOrder(orderBy: readonly CursorOrderBy<any, any, any>[]): void {
  if (!Array.isArray(orderBy)) {
    throw new BadRequestError(`Cannot ${action}: "orderBy" must be a list of columns`);
  }
  for (const item of orderBy) {
    assertKnownOptions(item, orderNames, { action });
    oneOf(item.direction, "direction", ["asc", "desc"], action);
    oneOf(item.nulls, "nulls", ["first", "last"], action);
  }
}
