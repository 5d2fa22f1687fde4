import { listParameterOf } from "@kysera/core";
import { type Expression, expressionBuilder, type Kysely, type SqlBool } from "kysely";

/** How many keys go into a statement as one parameter, and how long the text of it is. */
const MOST_LISTED = 5_000;
const LONGEST = 500_000;

/** What is known of keys that are split. */
export interface KeyParts {
  /** How many columns the key has. */
  readonly columns: number;
  /** How many keys go into one statement as parameters of their own. */
  readonly size: number;
  /** Returns the value of a key of one column, as the driver is given it. Default: the key itself. */
  readonly toValue?: ((key: any) => unknown) | undefined;
}

/**
 * Splits keys into parts, one for each statement: as many as go into it as parameters, or thousands
 * where the database takes a list as one parameter, as {@linkcode isOneOf} then writes it.
 *
 * @param executor an executor, or any Kysely instance
 * @param keys the keys
 * @param options what is known of the keys
 * @returns the parts, in their order
 *
 * @example
 * ```ts
 * import { keyParts } from "@kysera/executor";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<object>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * assert.deepEqual(keyParts(db, [1, 2, 3], { columns: 1, size: 2 }), [[1, 2], [3]]);
 * await db.destroy();
 * ```
 */
export function keyParts<K>(
  executor: Kysely<any>,
  keys: readonly K[],
  { columns, size, toValue = (key) => key }: KeyParts,
): K[][] {
  if (columns === 1 && keys.length > size) {
    const parts = split(keys, MOST_LISTED);
    const fits = parts.every((part) => {
      const list = listParameterOf(executor, part.map(toValue));
      return list !== undefined && list.text.length <= LONGEST;
    });
    if (fits) return parts;
  }
  return split(keys, size);
}

function split<K>(keys: readonly K[], size: number): K[][] {
  const parts: K[][] = [];
  for (let i = 0; i < keys.length; i += size) parts.push(keys.slice(i, i + size));
  return parts;
}

/**
 * Returns `column in (..)`, for values as {@linkcode keyParts} splits them: more than `size` are one
 * parameter, where the database takes them so.
 *
 * @param executor an executor, or any Kysely instance
 * @param column the column
 * @param values the values, as the driver is given them
 * @param size how many values go into the statement as parameters of their own
 * @returns the condition
 *
 * @example
 * ```ts
 * import { columnReference, isOneOf } from "@kysera/executor";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const query = db.selectFrom("users").selectAll()
 *   .where(isOneOf(db, columnReference("users", "id"), [1, 2], 75));
 * assert.equal(query.compile().sql, 'select * from "users" where "users"."id" in (?, ?)');
 * await db.destroy();
 * ```
 */
export function isOneOf(
  executor: Kysely<any>,
  column: Expression<any>,
  values: readonly unknown[],
  size: number,
): Expression<SqlBool> {
  const list = values.length > size ? listParameterOf(executor, values) : undefined;
  return list === undefined
    ? eb(column, "in", values)
    : eb(column, "in", list.list(eb.val(list.text)));
}

const eb = expressionBuilder<any, any>();
