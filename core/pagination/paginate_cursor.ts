import {
  type Expression,
  expressionBuilder,
  type SelectQueryBuilder,
  type StringReference,
} from "kysely";
import { abortable } from "../abortable.ts";
import { assertKnownOptions } from "../assert_known_options.ts";
import { BadRequestError } from "../errors/bad_request_error.ts";
import type { Dialect } from "../dialect.ts";
import { CursorCodec, type Position } from "./_cursor.ts";
import { fingerprint } from "./_fingerprint.ts";
import { type Key, nullsComeFirst } from "./_key.ts";
import { type Layout, layOut, splitOrder } from "./_layout.ts";
import { bounded, defaultLimit, maxLimit, oneOf, signalOf } from "./_options.ts";
import { type PageRow, readPage, runInstead } from "./_page.ts";
import { dialectOf, inspect, orderedBy } from "./_query.ts";
import { everyRowHasId, isLimited } from "./_shape.ts";
import { totalOf } from "./_total.ts";
import { CUT } from "./_types_mysql.ts";
import { typesOf } from "./_values.ts";
import type { CursorSecurity } from "./cursor_security.ts";
import type { PageInfo, PaginatedResult, TotalMode } from "./paginated_result.ts";

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

  // The order is put into the query to see what plugins of the database make of its names
  const unique = uniqueBy ?? ["id"];
  const columns = [...orderBy.map(({ column }) => column), ...unique];
  const ordered = orderedBy(query, columns.map(expressionOf), action);
  const inspected = inspect(ordered, action);
  const dialect = dialectOf(ordered, inspected);
  const split = splitOrder(inspected.node, columns.length);
  refuseOwnParts(split);
  const implied = uniqueBy === undefined;
  const wanted = {
    asked: split.items.slice(0, orderBy.length),
    unique: split.items.slice(orderBy.length),
    implied,
  };
  const plain = layOut(split.query, wanted, action);
  const asked = keysOf(plain, orderBy, { dialect, hasIds: implied && everyRowHasId(split.query) });
  if (asked.length === 0) throw new BadRequestError(`Cannot ${action}: "orderBy" is empty`);

  const codec = new CursorCodec(fingerprint(inspected, asked), asked.length, security);
  // `?cursor=` of an address says that there is none.
  const isFirst = cursor === undefined || cursor === null || cursor === "";
  const position = isFirst ? undefined : codec.decode(cursor);
  const forward = (direction ?? position?.direction ?? "forward") === "forward";
  const types = await abortable(signal, () =>
    typesOf({
      dialect,
      layout: plain,
      values: position?.values,
      run: (node) => runInstead({ query: ordered, inspected, dialect, implied }, node),
    }));
  const orders = types.map(({ order }) => order);
  const layout = orders.every((order) => order === undefined)
    ? plain
    : layOut(split.query, wanted, action, orders);
  const keys = asked.map((key, index) => ({ ...key, node: layout.keys[index]! }));
  const total = await abortable(signal, () => totalOf(ordered, inspected, dialect, mode));
  const request = {
    query: ordered,
    inspected,
    dialect,
    layout,
    keys,
    types,
    limit: limit + 1,
    position,
    forward,
    implied,
  };
  const found = await abortable(signal, () => readPage(request));
  const rows = found.slice(0, limit);
  if (!forward) rows.reverse();
  const more = found.length > limit;
  const ends = cursorsOf(codec, rows, position, {
    hasNext: forward ? more : position !== undefined,
    hasPrev: forward ? position !== undefined : more,
  });
  return {
    // The columns that were added are gone again: what is left is what the query selects
    data: rows.map(({ row }) => row as O),
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

function expressionOf(column: unknown): Expression<unknown> {
  if (typeof column === "object" && column !== null && "toOperationNode" in column) {
    // Anything that makes a node can stand in an ORDER BY
    return column as Expression<unknown>;
  }
  if (typeof column === "string" && column !== "") {
    try {
      return expressionBuilder<any, any>().ref(column);
    } catch (cause) {
      throw new BadRequestError(`Cannot ${action}: there is no column "${column}"`, { cause });
    }
  }
  throw new BadRequestError(`Cannot ${action}: a column is neither a name nor an expression`);
}

function refuseOwnParts({ query, own }: ReturnType<typeof splitOrder>): void {
  if (isLimited(query)) {
    throw new BadRequestError(`Cannot ${action}: the query has a limit or offset; remove it`);
  }
  if (own && query.distinctOn === undefined) {
    throw new BadRequestError(
      `Cannot ${action}: the query has an order of its own; give the order in "orderBy" only`,
    );
  }
}

function keysOf(
  { keys }: Layout,
  orderBy: readonly CursorOrderBy<any, any, any>[],
  { dialect, hasIds }: { readonly dialect: Dialect; readonly hasIds: boolean },
): Key[] {
  return keys.map((node, index) => {
    // What makes the order unique goes the way of what was asked for last, as an index would
    const item = orderBy[index];
    const descending = (item ?? orderBy.at(-1))?.direction === "desc";
    return {
      node,
      descending,
      nullsFirst: item?.nulls === undefined
        ? nullsComeFirst(dialect, descending)
        : item.nulls === "first",
      nullable: item === undefined ? !hasIds : item.nullable ?? true,
    };
  });
}

/** The cursors to both sides of a page; an empty page keeps the place where it was looked for. */
function cursorsOf(
  codec: CursorCodec,
  rows: readonly PageRow[],
  position: Position | undefined,
  has: Pick<PageInfo, "hasNext" | "hasPrev">,
): Omit<PageInfo, "limit"> {
  const first = rows[0]?.values();
  const last = rows.at(-1)?.values();
  const isCut = [has.hasPrev ? first : undefined, has.hasNext ? last : undefined]
    .some((values) => values?.includes(CUT));
  if (isCut) {
    throw new BadRequestError(
      `Cannot ${action}: a value of the order is longer than what the database sorts by ` +
        "(max_sort_length); order by the beginning of it, such as left(text, 200)",
    );
  }
  const after: Position | undefined = last === undefined
    ? position
    : { side: "after", direction: "forward", values: last };
  const before: Position | undefined = first === undefined
    ? position
    : { side: "before", direction: "backward", values: first };
  return {
    ...has,
    ...has.hasNext && after !== undefined
      ? { nextCursor: codec.encode({ ...after, direction: "forward" }) }
      : {},
    ...has.hasPrev && before !== undefined
      ? { prevCursor: codec.encode({ ...before, direction: "backward" }) }
      : {},
  };
}
