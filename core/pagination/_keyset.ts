import type { OperationNode } from "kysely";
import type { Key } from "./_key.ts";
import { and, binary, isNull, or } from "./_nodes.ts";

/** A condition, or what it is known to be for every row. */
export type Condition = OperationNode | boolean;

/** A key and the value that it has in the row where the walk goes on; `undefined` for NULL. */
export interface Bound {
  /** The key. */
  readonly key: Key;
  /** The value, as an operand. */
  readonly value: OperationNode | undefined;
}

/**
 * Which rows come after a row, in the order of the keys.
 *
 * | the row has     | NULLs come first    | NULLs come last              |
 * | --------------- | ------------------- | ---------------------------- |
 * | a value         | `key > value`       | `key > value or key is null` |
 * | NULL            | `key is not null`   | none                         |
 *
 * Rows that are equal in one key are told apart by the next.
 *
 * @param inclusive whether the row itself, and rows equal to it in every key, are among them
 */
export function rowsAfter(bounds: readonly Bound[], inclusive: boolean): Condition {
  const condition = after(bounds, 0, inclusive);
  const leading = atLeast(bounds);
  // Says nothing new, but lets the database begin in an index where the walk goes on
  return leading === undefined ? condition : both(leading, condition);
}

function after(bounds: readonly Bound[], index: number, inclusive: boolean): Condition {
  const bound = bounds[index];
  if (bound === undefined) return inclusive;
  return either(
    beyond(bound),
    both(equal(bound), after(bounds, index + 1, inclusive)),
  );
}

/** The rows that come after by this key alone. */
function beyond({ key, value }: Bound): Condition {
  if (value === undefined) return key.nullsFirst ? isNull(key.node, true) : false;
  const condition = binary(key.node, key.descending ? "<" : ">", value);
  return key.nullable && !key.nullsFirst ? or(condition, isNull(key.node)) : condition;
}

function equal({ key, value }: Bound): OperationNode {
  return value === undefined ? isNull(key.node) : binary(key.node, "=", value);
}

function atLeast(bounds: readonly Bound[]): OperationNode | undefined {
  const [first] = bounds;
  if (first === undefined || bounds.length < 2 || first.value === undefined) return undefined;
  const { key, value } = first;
  if (key.nullable && !key.nullsFirst) return undefined;
  return binary(key.node, key.descending ? "<=" : ">=", value);
}

function both(a: Condition, b: Condition): Condition {
  if (typeof a === "boolean") return a ? b : false;
  if (typeof b === "boolean") return b ? a : false;
  return and(a, b);
}

function either(a: Condition, b: Condition): Condition {
  if (typeof a === "boolean") return a ? true : b;
  if (typeof b === "boolean") return b ? true : a;
  return or(a, b);
}
