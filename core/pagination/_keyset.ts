import type { OperationNode } from "kysely";
import type { Dialect } from "../dialect.ts";
import type { Key } from "./_key.ts";
import { and, binary, isNull, or, tuple } from "./_nodes.ts";

/** A condition, or what it is known to be for every row. */
export type Condition = OperationNode | boolean;

/** A key and the value that it has in the row where the walk goes on; `undefined` for NULL. */
export interface Bound {
  /** The key. */
  readonly key: Key;
  /** The value, as an operand. */
  readonly value: OperationNode | undefined;
}

/** What a database finds by an index, from where it begins to read. */
interface Walk {
  /** `(a, b) > (x, y)`, which is false where one of them is NULL. */
  readonly rows: boolean;
  /** Ranges that one statement reads one after the other. */
  readonly union: boolean;
  /** `a > x or a is null`, which are neighbours in the index. */
  readonly nullsBeside: boolean;
}

const WALKS: Readonly<Record<Dialect, Walk>> = {
  postgres: { rows: true, union: true, nullsBeside: false },
  sqlite: { rows: true, union: false, nullsBeside: false },
  mysql: { rows: false, union: false, nullsBeside: true },
  mssql: { rows: false, union: false, nullsBeside: true },
};

/**
 * Which rows come after a row, in parts that are read one after the other until there are rows
 * enough. Each part is one or several ranges, in the order of their rows, and the database finds the
 * first row of a range by an index on the keys, however many rows come before it.
 *
 * NULLs at the end are a part of their own, which few pages come to.
 *
 * @param inclusive whether the row itself, and rows equal to it in every key, are among them
 */
export function partsAfter(
  bounds: readonly Bound[],
  inclusive: boolean,
  dialect: Dialect,
): readonly (readonly Condition[])[] {
  const walk = WALKS[dialect];
  const [first, ...rest] = bounds;
  if (first === undefined || walk.nullsBeside) return [[rowsAfter(bounds, inclusive)]];
  const { key, value } = first;
  if (value === undefined) {
    const nulls = rangesAfter(rest, inclusive, walk).map((range) => both(isNull(key.node), range));
    return key.nullsFirst ? [nulls, [isNull(key.node, true)]] : [nulls];
  }
  const values = [{ key: { ...key, nullable: false }, value }, ...rest];
  const ranges = rangesAfter(values, inclusive, walk);
  return key.nullable && !key.nullsFirst ? [ranges, [isNull(key.node)]] : [ranges];
}

function rangesAfter(bounds: readonly Bound[], inclusive: boolean, walk: Walk): Condition[] {
  const [first, ...rest] = bounds;
  if (first === undefined) return [inclusive];
  if (walk.rows && isComparable(bounds)) return [compared(bounds, inclusive)];
  if (!walk.union) return [rowsAfter(bounds, inclusive)];
  const ties = rangesAfter(rest, inclusive, walk).map((range) => both(equal(first), range));
  const { key, value } = first;
  if (value === undefined) return key.nullsFirst ? [...ties, isNull(key.node, true)] : ties;
  const greater = binary(key.node, key.descending ? "<" : ">", value);
  return key.nullable && !key.nullsFirst
    ? [...ties, greater, isNull(key.node)]
    : [...ties, greater];
}

/** Whether rows come after a row where all of their keys together are greater, or less. */
function isComparable(bounds: readonly Bound[]): boolean {
  return bounds.every(({ key, value }) =>
    value !== undefined && key.descending === bounds[0]!.key.descending &&
    !(key.nullable && !key.nullsFirst)
  );
}

function compared(bounds: readonly Bound[], inclusive: boolean): OperationNode {
  const less = bounds[0]!.key.descending;
  const operator = less ? inclusive ? "<=" : "<" : inclusive ? ">=" : ">";
  return binary(
    tuple(bounds.map(({ key }) => key.node)),
    operator,
    tuple(bounds.map(({ value }) => value!)),
  );
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
