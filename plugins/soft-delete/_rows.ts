import type { Expression, ExpressionBuilder, Kysely, SqlBool } from "kysely";
import { SoftDeleteError } from "./errors.ts";

/** A condition on the rows of a table. */
export type Condition = (eb: ExpressionBuilder<any, any>) => Expression<SqlBool>;

/**
 * The most keys in one statement. All databases bound the number of parameters, and SQLite how deep a
 * condition may be; some thousands would be too many for one of them.
 */
const MOST_KEYS = 500;

/**
 * Changes the rows that a selector stands for.
 *
 * @param executor the handle; several statements run in a transaction of it, or in the one it is
 * @param table the table
 * @param key the columns of its key
 * @param rows a key, several, or a condition
 * @param change runs one statement, and returns how many rows it changed
 * @returns how many rows were changed in all
 * @throws {SoftDeleteError} for a key that is none
 */
export async function changeRows<DB>(
  executor: Kysely<DB>,
  table: string,
  key: readonly string[],
  rows: unknown,
  change: (executor: Kysely<DB>, where: Condition) => Promise<number>,
): Promise<number> {
  const conditions = conditionsFor(table, key, rows);
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

function conditionsFor(table: string, key: readonly string[], rows: unknown): Condition[] {
  if (typeof rows === "function") return [rows as Condition];
  const keys = (Array.isArray(rows) ? rows : [rows]).map((row) => keyValues(table, key, row));
  const conditions: Condition[] = [];
  for (let i = 0; i < keys.length; i += MOST_KEYS) {
    conditions.push(isOneOf(table, key, keys.slice(i, i + MOST_KEYS)));
  }
  return conditions;
}

function isOneOf(table: string, key: readonly string[], keys: readonly unknown[][]): Condition {
  // Qualified, because SQLite takes an unknown quoted name for a string.
  const columns = key.map((column) => `${table}.${column}`);
  return (eb) => {
    const [only] = columns;
    if (columns.length === 1) {
      const values = keys.map(([value]) => value);
      return values.length === 1 ? eb(only!, "=", values[0]) : eb(only!, "in", values);
    }
    return eb.or(
      keys.map((values) => eb.and(columns.map((column, i) => eb(column, "=", values[i])))),
    );
  };
}

/** The values of a key's columns, in their order. */
function keyValues(table: string, key: readonly string[], row: unknown): unknown[] {
  const values = isPlainObject(row) ? valuesOf(table, key, row) : [row];
  if (values.length !== key.length) {
    throw invalid(table, `its key is ${list(key)}; pass an object with these columns`);
  }
  for (const [i, value] of values.entries()) {
    if (
      value === undefined || value === null || Number.isNaN(value) || typeof value === "function" ||
      Array.isArray(value)
    ) {
      throw invalid(table, `"${key[i]}" is ${Array.isArray(value) ? "a list" : String(value)}`);
    }
  }
  return values;
}

function valuesOf(
  table: string,
  key: readonly string[],
  row: Readonly<Record<string, unknown>>,
): unknown[] {
  const given = Object.keys(row);
  // A column less would match more rows than the one that is meant.
  if (given.length !== key.length || !key.every((column) => Object.hasOwn(row, column))) {
    throw invalid(
      table,
      `${list(given)} is given, and the key is ${list(key)}; name the key's columns with the ` +
        `option "primaryKeyColumn", or pass a condition: (eb) => eb(..)`,
    );
  }
  return key.map((column) => row[column]);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function list(columns: readonly string[]): string {
  return columns.length === 0 ? "nothing" : columns.map((column) => `"${column}"`).join(", ");
}

function invalid(table: string, problem: string): SoftDeleteError {
  return new SoftDeleteError(
    `Cannot find a row of "${table}" by its key: ${problem}`,
    "INVALID_KEY",
  );
}
