import { isPlainObject, maxParametersOf } from "@kysera/core";
import type { BatchQuery, BatchRunner } from "../instance/batch_types.ts";
import { changedRows } from "../tree/_changed_rows.ts";
import { physicalNames } from "./_table_catalog.ts";
import { findKey } from "./find_key.ts";
import { isOneOf, keyParts } from "./key_list.ts";
import { mustMeetOneRow } from "./must_meet_one_row.ts";
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";

/** A condition on the rows of a table. */
export type RowCondition = (eb: ExpressionBuilder<any, any>) => Expression<SqlBool>;

/** Rows that a function of a plugin is to change. */
export interface RowChange {
  /** The table. */
  readonly table: string;
  /**
   * The columns of its key, if they were configured. Default: the primary key, as the catalog has
   * it; `"id"` if it has none.
   */
  readonly key: readonly string[] | undefined;
  /** What the function was given: a key, several, a condition, or several of them. */
  readonly rows: unknown;
  /**
   * Returns an instance of the executor whose SELECT sees the rows that are changed. It is asked
   * for where the catalog does not say that the key is unique. Default: the executor itself.
   */
  readonly seen?: ((executor: Kysely<any>) => Kysely<any>) | undefined;
  /** Makes the error for a key that is none. */
  invalid(message: string): Error;
}

/**
 * The most keys in one statement, where the database takes so many. All databases bound the number
 * of parameters, and SQLite how deep a condition may be; some thousands would be too many for one
 * of them.
 */
const MOST_KEYS = 500;
/** How many values plugins may add to a condition. */
const OF_PLUGINS = 200;

/**
 * Changes rows of a table, by a selector as {@linkcode RowSelector} is: for functions that a plugin
 * offers, such as `softDelete(executor, table, rows)`.
 *
 * @param executor the instance; several statements run in a transaction of it, or in the one it is
 * @param rows which rows; more than 500 keys are more than one statement
 * @param change runs one statement, and returns how many rows it changed
 * @returns how many rows were changed in all
 * @throws what `rows.invalid` makes, for a key that is none
 *
 * @example
 * ```ts
 * import { changeRows } from "@kysera/executor";
 * import type { Kysely } from "kysely";
 *
 * export async function hide(executor: Kysely<any>, ids: readonly number[]): Promise<number> {
 *   const rows = { table: "notes", key: ["id"], rows: ids, invalid: (text: string) => new Error(text) };
 *   return await changeRows(executor, rows, async (handle, where) => {
 *     const { numUpdatedRows } = await handle.updateTable("notes").set({ hidden: 1 }).where(where)
 *       .executeTakeFirstOrThrow();
 *     return Number(numUpdatedRows);
 *   });
 * }
 * ```
 */
export async function changeRows<DB>(
  executor: Kysely<DB>,
  rows: RowChange,
  change: (executor: Kysely<DB>, where: RowCondition) => Promise<number>,
): Promise<number> {
  const conditions = await rowConditions(executor, rows);
  if (conditions.length === 0) return 0;
  if (conditions.length === 1) return await change(executor, conditions[0]!);
  const changeAll = async (handle: Kysely<DB>): Promise<number> => {
    let changed = 0;
    for (const condition of conditions) changed += await change(handle, condition);
    return changed;
  };
  return executor.isTransaction
    ? await changeAll(executor)
    : await executor.transaction().execute(changeAll);
}

/**
 * Changes rows of a table as {@linkcode changeRows} does, by one statement for each part of the
 * keys. Several are a batch of the executor, so that they happen all or none on every database.
 *
 * @param executor the instance; in a transaction the statements are a part of it
 * @param rows which rows
 * @param build makes one statement, on the instance that it is given; it may be called several times
 * @returns how many rows were changed in all
 * @throws what `rows.invalid` makes, for a key that is none
 *
 * @example
 * ```ts
 * import { changeRowsBy } from "@kysera/executor";
 * import type { Kysely } from "kysely";
 *
 * export async function hide(executor: Kysely<any>, ids: readonly number[]): Promise<number> {
 *   const rows = { table: "notes", key: ["id"], rows: ids, invalid: (text: string) => new Error(text) };
 *   return await changeRowsBy(
 *     executor,
 *     rows,
 *     (handle, where) => handle.updateTable("notes").set({ hidden: 1 }).where(where),
 *   );
 * }
 * ```
 */
export async function changeRowsBy<DB>(
  executor: Kysely<DB>,
  rows: RowChange,
  build: (executor: Kysely<DB>, where: RowCondition) => BatchQuery<unknown>,
): Promise<number> {
  const conditions = await rowConditions(executor, rows);
  const results: unknown[] = [];
  const { batch } = executor as Partial<BatchRunner<DB>>;
  if (conditions.length < 2 || executor.isTransaction || batch === undefined) {
    for (const condition of conditions) results.push(await build(executor, condition).execute());
  } else {
    const done = await batch.call(executor, (b) =>
      Object.fromEntries(
        conditions.map((condition, i) => [
          `part ${i}`,
          b.add((db) => build(db as typeof executor, condition)),
        ]),
      ));
    results.push(...Object.values(done));
  }
  return Number(results.reduce<bigint>((sum, result) => sum + (changedRows(result) ?? 0n), 0n));
}

/**
 * Returns how many keys go into one statement.
 *
 * @param executor an executor, or any instance of it
 * @param columns how many columns the key has
 * @returns at least 1; plugins have room for parameters of their own
 *
 * @example
 * ```ts
 * import { keysPerStatement } from "@kysera/executor";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<object>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * assert.equal(keysPerStatement(db, 1), 500);
 * await db.destroy();
 * ```
 */
export function keysPerStatement(executor: Kysely<any>, columns: number): number {
  const most = maxParametersOf(executor);
  const room = most - Math.min(OF_PLUGINS, Math.floor(most / 4));
  return Math.max(1, Math.min(MOST_KEYS, Math.floor(room / Math.max(1, columns))));
}

/**
 * Returns the conditions that a selector of rows comes to, as {@linkcode changeRows} makes them: for a
 * function that makes several statements of each.
 *
 * @param executor an executor, or any instance of it
 * @param change which rows
 * @returns one condition for each statement; none where no rows are asked for
 * @throws what `change.invalid` makes, for a key that is none
 *
 * @example
 * ```ts
 * import { createExecutor, rowConditions } from "@kysera/executor";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table notes (id integer primary key)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 * const executor = await createExecutor(db, []);
 * const rows = Array.from({ length: 600 }, (_, i) => i);
 * const invalid = (text: string) => new Error(text);
 * const conditions = await rowConditions(executor, { table: "notes", key: ["id"], rows, invalid });
 * assert.equal(conditions.length, 2);
 * await db.destroy();
 * ```
 */
export async function rowConditions(
  executor: Kysely<any>,
  change: RowChange,
): Promise<RowCondition[]> {
  const { table, rows } = change;
  if (typeof rows === "function") return [rows as RowCondition];
  if (Array.isArray(rows) && rows.length > 0 && rows.every((row) => typeof row === "function")) {
    return rows as RowCondition[];
  }
  const { columns: key, isUnique } = await findKey(executor, {
    table,
    columns: change.key,
    invalid: (problem) => invalidKey(change, problem),
  });
  const physical = (column: string): string => physicalNames(executor, { name: column }).name;
  const found: KeyedChange = { ...change, key, physical };
  const keys = (Array.isArray(rows) ? rows : [rows]).map((row) => keyValues(found, row));
  const size = keysPerStatement(executor, key.length);
  const parts = keyParts(executor, keys, {
    columns: key.length,
    size,
    toValue: ([value]: readonly unknown[]) => value,
  });
  const conditions = parts.map((part) => conditionOn(executor, table, key, part, size));
  if (isUnique) return conditions;
  const seen = change.seen?.(executor) ?? executor;
  const search = { table, columns: key, invalid: (problem: string) => invalidKey(change, problem) };
  for (const condition of conditions) await mustMeetOneRow(seen, search, condition);
  return conditions;
}

/** A change whose key is known. */
interface KeyedChange extends RowChange {
  readonly key: readonly string[];
  /** Returns the name that the database has for a column. */
  physical(column: string): string;
}

function conditionOn(
  executor: Kysely<any>,
  table: string,
  key: readonly string[],
  keys: readonly unknown[][],
  size: number,
): RowCondition {
  // Qualified, because SQLite takes an unknown quoted name for a string.
  const columns = key.map((column) => `${table}.${column}`);
  return (eb) => {
    const [only] = columns;
    if (columns.length === 1) {
      const values = keys.map(([value]) => value);
      if (values.length === 1) return eb(only!, "=", values[0]);
      return isOneOf(executor, eb.ref(only!), values, size);
    }
    return eb.or(
      keys.map((values) => eb.and(columns.map((column, i) => eb(column, "=", values[i])))),
    );
  };
}

/** The values of a key's columns, in their order. */
function keyValues(change: KeyedChange, row: unknown): unknown[] {
  const { key } = change;
  const values = isPlainObject(row) ? valuesOf(change, row) : [row];
  if (values.length !== key.length) {
    throw invalidKey(change, `its key is ${list(key)}; pass an object with these columns`);
  }
  for (const [i, value] of values.entries()) {
    if (
      value === undefined || value === null || Number.isNaN(value) || typeof value === "function" ||
      Array.isArray(value)
    ) {
      throw invalidKey(change, `"${key[i]}" is ${Array.isArray(value) ? "a list" : String(value)}`);
    }
  }
  return values;
}

function valuesOf(change: KeyedChange, row: Readonly<Record<string, unknown>>): unknown[] {
  const { key, physical } = change;
  const given = Object.keys(row);
  // The catalog's names may be those that a Kysely plugin makes of the caller's.
  const nameOf = (column: string): string | undefined =>
    Object.hasOwn(row, column) ? column : given.find((name) => physical(name) === physical(column));
  const names = key.map(nameOf);
  // A column less would match more rows than the one that is meant.
  if (given.length !== key.length || names.includes(undefined)) {
    throw invalidKey(
      change,
      `${list(given)} is given, and the key is ${list(key)}; name the key's columns with the ` +
        `option "primaryKeyColumn", or pass a condition: (eb) => eb(..)`,
    );
  }
  return names.map((name) => row[name!]);
}

function list(columns: readonly string[]): string {
  return columns.length === 0 ? "nothing" : columns.map((column) => `"${column}"`).join(", ");
}

function invalidKey(change: RowChange, problem: string): Error {
  return change.invalid(`Cannot find a row of "${change.table}" by its key: ${problem}`);
}
