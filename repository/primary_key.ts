import { BadRequestError, type Dialect } from "@kysera/core";
import { assertColumn } from "./_columns.ts";

/** What the values of a key are. */
export type PrimaryKeyTypeHint = "number" | "string" | "uuid";

/** The column, or the columns, of a key. */
export type PrimaryKeyColumn = string | readonly string[];

/** The value of a key of one column. */
export type PrimaryKeyValue = string | number | bigint;

/** The value of a key of several columns. */
export type CompositeKeyValue = Readonly<Record<string, unknown>>;

/** A key as it is given to a method. */
export type PrimaryKeyInput = PrimaryKeyValue | CompositeKeyValue;

/** A key: its columns, and what its values are where that is to be checked. */
export interface PrimaryKeyConfig {
  /** The column, or the columns. */
  readonly columns: PrimaryKeyColumn;
  /** What the values are. */
  readonly type?: PrimaryKeyTypeHint | undefined;
}

/** A dialect, by name. */
export interface DialectConfig {
  /** The name. */
  readonly dialect: Dialect;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Returns a key with its defaults: the column `id`.
 *
 * @param primaryKey the column, or the columns, or a key
 * @param type what its values are
 * @returns the key
 * @throws {BadRequestError} where it names no column, or one twice
 *
 * @example
 * ```ts
 * import { normalizePrimaryKeyConfig } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(normalizePrimaryKeyConfig(), { columns: "id" });
 * assert.deepEqual(normalizePrimaryKeyConfig(["org", "user"]), { columns: ["org", "user"] });
 * ```
 */
export function normalizePrimaryKeyConfig(
  primaryKey: PrimaryKeyColumn | PrimaryKeyConfig = "id",
  type?: PrimaryKeyTypeHint,
): PrimaryKeyConfig {
  const isConfig = typeof primaryKey === "object" && !Array.isArray(primaryKey);
  const config: PrimaryKeyConfig = isConfig
    ? primaryKey as PrimaryKeyConfig
    // What is not an object of a key is a column, or a list of them.
    : { columns: primaryKey as PrimaryKeyColumn, ...type === undefined ? {} : { type } };
  const columns = getPrimaryKeyColumns(config);
  for (const column of columns) assertColumn(column, "read the primary key");
  if (columns.length === 0 || new Set(columns).size < columns.length) {
    throw new BadRequestError("Cannot read the primary key: it names no column, or one twice");
  }
  assertKeyType(config.type, "read the primary key");
  return config;
}

/** @throws {BadRequestError} for what is not a type of keys */
export function assertKeyType(type: unknown, action: string): void {
  if (type === undefined || type === "number" || type === "string" || type === "uuid") return;
  throw new BadRequestError(
    `Cannot ${action}: primaryKeyType is "${String(type)}"; it is "number", "string" or "uuid"`,
  );
}

/** Returns whether a value of a key is what its type says. */
export function isKeyOfType(value: unknown, type: PrimaryKeyTypeHint | undefined): boolean {
  switch (type) {
    case "number":
      return typeof value === "bigint" || Number.isFinite(value);
    case "string":
      return typeof value === "string";
    case "uuid":
      return typeof value === "string" && UUID.test(value);
    default:
      return true;
  }
}

/**
 * Returns whether a key has several columns.
 *
 * @param primaryKey the column, or the columns, or a key
 *
 * @example
 * ```ts
 * import { isCompositeKey } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * assert.equal(isCompositeKey("id"), false);
 * assert.equal(isCompositeKey({ columns: ["org", "user"] }), true);
 * ```
 */
export function isCompositeKey(primaryKey: PrimaryKeyColumn | PrimaryKeyConfig): boolean {
  return getPrimaryKeyColumns(primaryKey).length > 1;
}

/**
 * Returns the columns of a key, as a list.
 *
 * @param primaryKey the column, or the columns, or a key
 *
 * @example
 * ```ts
 * import { getPrimaryKeyColumns } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(getPrimaryKeyColumns("id"), ["id"]);
 * ```
 */
export function getPrimaryKeyColumns(
  primaryKey: PrimaryKeyColumn | PrimaryKeyConfig,
): readonly string[] {
  if (typeof primaryKey === "string") return [primaryKey];
  // A list has no columns of its own.
  return isColumns(primaryKey) ? primaryKey : getPrimaryKeyColumns(primaryKey.columns);
}

function isColumns(value: readonly string[] | PrimaryKeyConfig): value is readonly string[] {
  return Array.isArray(value);
}

/**
 * Returns the value of a key as an object of its columns.
 *
 * @param input the value: of a key of one column also the value alone
 * @param primaryKey the column, or the columns, or a key
 * @returns the columns of the key, and no others
 * @throws {BadRequestError} where a column has no value, or one of another type
 *
 * @example
 * ```ts
 * import { normalizePrimaryKeyInput } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(normalizePrimaryKeyInput(7, "id"), { id: 7 });
 * assert.deepEqual(normalizePrimaryKeyInput({ org: 1, user: 2 }, ["org", "user"]), {
 *   org: 1,
 *   user: 2,
 * });
 * ```
 */
export function normalizePrimaryKeyInput(
  input: PrimaryKeyInput,
  primaryKey: PrimaryKeyColumn | PrimaryKeyConfig,
): Record<string, unknown> {
  const { columns, type } = normalizePrimaryKeyConfig(primaryKey);
  const names = getPrimaryKeyColumns(columns);
  const given: Readonly<Record<string, unknown>> = typeof input === "object" && input !== null
    ? input
    : names.length === 1
    ? { [names[0]!]: input }
    : {};
  return Object.fromEntries(names.map((name) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null || !isKeyOfType(value, type)) {
      throw new BadRequestError(
        `Cannot read the key: "${name}" has no value${type === undefined ? "" : ` (${type})`}`,
      );
    }
    return [name, value];
  }));
}

/**
 * Returns the key of a row: its value, or of several columns an object of them.
 *
 * @param row the row
 * @param primaryKey the column, or the columns, or a key
 * @throws {BadRequestError} where the row has no value for a column of the key
 *
 * @example
 * ```ts
 * import { extractPrimaryKey } from "@kysera/repository";
 * import assert from "node:assert/strict";
 *
 * assert.equal(extractPrimaryKey({ id: 7, name: "Ada" }, "id"), 7);
 * assert.deepEqual(extractPrimaryKey({ org: 1, user: 2, name: "Ada" }, ["org", "user"]), {
 *   org: 1,
 *   user: 2,
 * });
 * ```
 */
export function extractPrimaryKey(
  row: Readonly<Record<string, unknown>>,
  primaryKey: PrimaryKeyColumn | PrimaryKeyConfig = "id",
): unknown {
  const key = normalizePrimaryKeyInput(row, primaryKey);
  return isCompositeKey(primaryKey) ? key : Object.values(key)[0];
}
