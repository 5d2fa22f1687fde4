import { expressionBuilder, type SelectQueryBuilder, type StringReference } from "kysely";
import { assertKnownOptions } from "../assert_known_options.ts";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { dialectOf, inspect } from "./_query.ts";

/** Options of {@linkcode applyDateRange}. */
export interface DateRangeOptions {
  /** The first moment, itself included. */
  readonly from?: Date | string | undefined;
  /** The last moment, itself included. */
  readonly to?: Date | string | undefined;
}

const action = "apply date range";

/**
 * Keeps the rows whose date lies between two, both included. SQLite, which has no type for dates,
 * is given a `Date` as ISO 8601 text.
 *
 * @param query The query.
 * @param column The column with the date.
 * @param options From when and to when; text is sent to the database as it is. Default:
 * no end.
 * @returns The query with the condition.
 * @throws {BadRequestError} If an option is wrong.
 *
 * @example
 * ```ts
 * import { applyDateRange } from "@kysera/core";
 * import Database from "better-sqlite3";
 * import { Kysely, SqliteDialect } from "kysely";
 * import assert from "node:assert/strict";
 *
 * const db = new Kysely<{ posts: { created_at: string } }>({
 *   dialect: new SqliteDialect({ database: new Database(":memory:") }),
 * });
 * const query = applyDateRange(db.selectFrom("posts").selectAll(), "created_at", {
 *   from: new Date("2026-01-01T00:00:00Z"),
 * });
 * assert.deepEqual(query.compile().parameters, ["2026-01-01T00:00:00.000Z"]);
 * ```
 */
export function applyDateRange<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  column: StringReference<DB, TB>,
  options: DateRangeOptions = {},
): SelectQueryBuilder<DB, TB, O> {
  assertKnownOptions(options, ["from", "to"], { action });
  const { from, to } = options;
  if (from === undefined && to === undefined) return query;
  const textual = dialectOf(query, inspect(query, action)) === "sqlite";
  const node = expressionBuilder<DB, TB>().ref(column);
  let result = query;
  if (from !== undefined) result = result.where(node, ">=", valueOf(from, "from", textual));
  if (to !== undefined) result = result.where(node, "<=", valueOf(to, "to", textual));
  return result;
}

// A date, of whatever type the column has: the database compares it
function valueOf(value: Date | string, name: string, textual: boolean): any {
  if (typeof value === "string" && value !== "") return value;
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) {
    throw new BadRequestError(`Cannot ${action}: "${name}" is not a date`);
  }
  return textual ? value.toISOString() : value;
}
