import type { SelectQueryBuilder } from "kysely";
import { abortable } from "../abortable.ts";
import { assertKnownOptions } from "../assert_known_options.ts";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { bounded, defaultLimit, maxLimit, oneOf, signalOf } from "./_options.ts";
import { dialectOf, inspect } from "./_query.ts";
import { isLimited } from "./_shape.ts";
import { totalOf } from "./_total.ts";
import type { PaginatedResult, TotalMode } from "./paginated_result.ts";

/** Options of {@linkcode paginate}. */
export interface PaginationOptions {
  /** The number of the page, between 1 and 1,000,000; 1 by default. */
  readonly page?: number | undefined;
  /** The most rows of a page, up to 10,000; 20 by default. 0 gives the total and no rows. */
  readonly limit?: number | undefined;
  /**
   * Whether to count the rows of all pages: `exact` by default. `estimate` asks the planner
   * (SQLite's has no answer, so there it counts), `none` saves the query.
   */
  readonly total?: TotalMode | undefined;
  /** Ends the wait where it is aborted; a query that was sent runs on, and its result is dropped. */
  readonly signal?: AbortSignal | undefined;
}

const action = "paginate";
const maxPage = 1_000_000;

/**
 * Reads a page by its number. The rows before it are read as well and thrown away, so late pages
 * cost more than early ones; {@linkcode paginateCursor} has no such cost.
 *
 * The query should have an order, and one that is unique: else rows may come on two pages, or none.
 *
 * @param query The query, without a limit of its own.
 * @param options Which page, and how large; out of range is brought into it.
 * @returns The rows, and where they stand.
 * @throws {BadRequestError} If an option is wrong, or the query has a limit.
 * @throws the reason of the signal, where it is aborted.
 *
 * @example
 * ```ts
 * import { paginate } from "@kysera/core";
 * import Database from "better-sqlite3";
 * import { Kysely, SqliteDialect } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ posts: { id: number } }>({
 *   dialect: new SqliteDialect({ database: new Database(":memory:") }),
 * });
 * await db.schema.createTable("posts").addColumn("id", "integer").execute();
 * await db.insertInto("posts").values([{ id: 1 }, { id: 2 }, { id: 3 }]).execute();
 *
 * const query = db.selectFrom("posts").selectAll().orderBy("id");
 * assert.deepEqual(await paginate(query, { page: 2, limit: 2 }), {
 *   data: [{ id: 3 }],
 *   pagination: { page: 2, limit: 2, total: 3, totalPages: 2, hasNext: false, hasPrev: true },
 * });
 * await db.destroy();
 * ```
 */
export async function paginate<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  options: PaginationOptions = {},
): Promise<PaginatedResult<O>> {
  assertKnownOptions(options, ["page", "limit", "total", "signal"], { action });
  const signal = signalOf(options.signal, action);
  const page = bounded(options.page, "page", { least: 1, most: maxPage, initial: 1 }, action);
  const size = { least: 0, most: maxLimit, initial: defaultLimit };
  const limit = bounded(options.limit, "limit", size, action);
  const mode = oneOf(options.total, "total", ["exact", "estimate", "none"], action) ?? "exact";
  const inspected = inspect(query, action);
  if (isLimited(inspected.node)) {
    throw new BadRequestError(`Cannot ${action}: the query has a limit or offset; remove it`);
  }
  const dialect = dialectOf(query, inspected);
  const offset = (page - 1) * limit;
  const known = await abortable(signal, () => totalOf(query, inspected, dialect, mode));
  // One row more than asked for tells whether there is another page; an exact total tells as well
  const read = mode === "exact" ? limit : limit + 1;
  const beyond = limit === 0 || (mode === "exact" && offset >= known!);
  const rows = beyond
    ? []
    : dialect === "mssql"
    ? await abortable(signal, () => query.offset(offset).fetch(read).execute())
    : await abortable(signal, () => query.limit(read).offset(offset).execute());
  const data = rows.slice(0, limit);
  const seen = offset + rows.length;
  // What was read is more certain than what the planner thinks
  const total = mode === "estimate" && rows.length > 0 ? Math.max(known!, seen) : known;
  return {
    data,
    pagination: {
      page,
      limit,
      ...total === undefined
        ? {}
        : { total, totalPages: limit === 0 ? 0 : Math.ceil(total / limit) },
      hasNext: mode === "exact" ? limit > 0 && offset + limit < known! : rows.length > limit,
      hasPrev: page > 1,
    },
  };
}
