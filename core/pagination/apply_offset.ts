import type { SelectQueryBuilder } from "kysely";
import { assertKnownOptions } from "../assert_known_options.ts";
import { bounded } from "./_options.ts";

/** Options of {@linkcode applyOffset}. */
export interface OffsetOptions {
  /** The most rows, between 1 and 100. */
  readonly limit?: number | undefined;
  /** How many rows to leave out. */
  readonly offset?: number | undefined;
}

const action = "apply offset";
/** MySQL and SQLite have no OFFSET without a LIMIT. */
const everything = 2_147_483_647;

/**
 * Adds LIMIT and OFFSET to a query.
 *
 * @param query The query.
 * @param options How many rows, and how many before them are left out; what is out of range is
 * brought into it. Default: all rows.
 * @returns The query with LIMIT and OFFSET.
 * @throws {BadRequestError} If an option is wrong.
 *
 * @example
 * ```ts
 * import { applyOffset } from "@kysera/core";
 * import Database from "better-sqlite3";
 * import { Kysely, SqliteDialect } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ posts: { id: number } }>({
 *   dialect: new SqliteDialect({ database: new Database(":memory:") }),
 * });
 * const query = applyOffset(db.selectFrom("posts").selectAll(), { limit: 10, offset: 20 });
 * assert.equal(query.compile().sql, 'select * from "posts" limit ? offset ?');
 * ```
 */
export function applyOffset<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  options: OffsetOptions = {},
): SelectQueryBuilder<DB, TB, O> {
  assertKnownOptions(options, ["limit", "offset"], { action });
  const most = Number.MAX_SAFE_INTEGER;
  const offset = bounded(options.offset, "offset", { least: 0, most, initial: 0 }, action);
  if (options.limit === undefined) {
    return offset === 0 ? query : query.limit(everything).offset(offset);
  }
  const limit = bounded(options.limit, "limit", { least: 1, most: 100, initial: 1 }, action);
  return offset === 0 ? query.limit(limit) : query.limit(limit).offset(offset);
}
