import { BadRequestError } from "@kysera/core";
import { type Expression, type ExpressionBuilder, sql, type SqlBool } from "kysely";
import { COMPARISONS } from "./where.ts";

/** One comparison of a column. */
interface Leaf {
  readonly kind: "compare";
  readonly column: string;
  readonly operator: string;
  /** How many values it takes. */
  readonly count: number;
  /** `isNull` and comparisons with null take none: this is what they say. */
  readonly flag?: boolean;
}

interface Branch {
  readonly kind: "and" | "or" | "not";
  readonly parts: readonly Condition[];
}

/** A condition without its values. */
export type Condition = Leaf | Branch;

/** A condition read: its shape, which says what SQL it is, and the values that go into it. */
export interface ReadCondition {
  readonly condition: Condition;
  readonly shape: string;
  readonly values: readonly unknown[];
}

/** Changes values of a column before they are compared. */
export type Encode = (column: string, value: unknown) => unknown;

/**
 * Reads a `where` of a user. A value that is `undefined` is an error, never "no condition".
 *
 * @throws {BadRequestError} for what is no condition
 */
export function readCondition(where: object | undefined, encode: Encode): ReadCondition {
  const values: unknown[] = [];
  const shape: string[] = [];
  const condition = readAll(where ?? {}, { values, shape, encode });
  return { condition, shape: shape.join(""), values };
}

interface Reading {
  readonly values: unknown[];
  readonly shape: string[];
  readonly encode: Encode;
}

function readAll(where: unknown, reading: Reading): Condition {
  if (typeof where !== "object" || where === null || Array.isArray(where)) {
    throw new BadRequestError(
      `Cannot read the condition: ${where === null ? "null" : typeof where} was given; pass an ` +
        "object of columns and values",
    );
  }
  const parts: Condition[] = [];
  reading.shape.push("(");
  for (const [key, value] of Object.entries(where)) {
    const name = key.startsWith("$") ? key.slice(1) : key;
    if (name === "and" || name === "or") parts.push(readList(name, value, reading));
    else if (name === "not") {
      reading.shape.push("!");
      parts.push({ kind: "not", parts: [readAll(value, reading)] });
    } else parts.push(...readColumn(key, value, reading));
  }
  reading.shape.push(")");
  return { kind: "and", parts };
}

function readList(kind: "and" | "or", value: unknown, reading: Reading): Condition {
  if (!Array.isArray(value)) {
    throw new BadRequestError(`Cannot read the condition: "${kind}" takes a list of conditions`);
  }
  reading.shape.push(kind, "[");
  const parts = value.map((item) => readAll(item, reading));
  reading.shape.push("]");
  return { kind, parts };
}

function readColumn(column: string, value: unknown, reading: Reading): Condition[] {
  if (value === undefined) {
    throw new BadRequestError(
      `Cannot read the condition: the value of "${column}" is undefined; leave the key out, or ` +
        "give null for NULL",
    );
  }
  if (!isComparison(value)) return [readComparison(column, "eq", value, reading)];
  return Object.entries(value).filter(([, each]) => each !== undefined).map(([key, each]) =>
    readComparison(column, key.startsWith("$") ? key.slice(1) : key, each, reading)
  );
}

/** Whether a value is a set of comparisons, and not a value to compare with (a JSON object, ..). */
function isComparison(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const keys = Object.keys(value);
  return keys.length > 0 &&
    keys.every((key) => COMPARISONS.has(key.startsWith("$") ? key.slice(1) : key));
}

function readComparison(
  column: string,
  operator: string,
  value: unknown,
  { values, shape, encode }: Reading,
): Condition {
  const leaf = (count: number, flag?: boolean): Condition => {
    shape.push(
      JSON.stringify(column),
      operator,
      String(count),
      flag === undefined ? "" : `${flag}`,
    );
    return { kind: "compare", column, operator, count, ...flag === undefined ? {} : { flag } };
  };
  switch (operator) {
    case "isNull":
      if (typeof value !== "boolean") throw wrongValue(column, operator, "true or false");
      return leaf(0, value);
    case "eq":
    case "ne":
      if (value === null) return leaf(0, operator === "eq");
      values.push(encode(column, value));
      return leaf(1);
    case "in":
    case "notIn":
      if (!Array.isArray(value) || value.some((item) => item === null || item === undefined)) {
        throw wrongValue(column, operator, "a list of values without null");
      }
      for (const item of value) values.push(encode(column, item));
      return leaf(value.length);
    case "between":
      if (!Array.isArray(value) || value.length !== 2) {
        throw wrongValue(column, operator, "a list of two values");
      }
      for (const item of value) {
        if (item === null || item === undefined) throw wrongValue(column, operator, "values");
        values.push(encode(column, item));
      }
      return leaf(2);
    case "like":
    case "ilike":
    case "contains":
    case "startsWith":
    case "endsWith":
      if (typeof value !== "string") throw wrongValue(column, operator, "a text");
      values.push(patternOf(operator, value));
      return leaf(1);
    default:
      if (value === null) throw wrongValue(column, operator, "a value that is not null");
      values.push(encode(column, value));
      return leaf(1);
  }
}

function wrongValue(column: string, operator: string, wanted: string): BadRequestError {
  return new BadRequestError(
    `Cannot read the condition: "${operator}" of "${column}" takes ${wanted}`,
  );
}

function patternOf(operator: string, text: string): string {
  const escaped = text.replace(/[!%_]/g, "!$&");
  switch (operator) {
    case "contains":
      return `%${escaped}%`;
    case "startsWith":
      return `${escaped}%`;
    case "endsWith":
      return `%${escaped}`;
    default:
      return text;
  }
}

type Builder = ExpressionBuilder<any, any>;

/**
 * The SQL of a condition.
 *
 * @param next gives the next value, in the order they were read
 * @param hasIlike whether the dialect has ILIKE
 */
export function expressionOf(
  condition: Condition,
  eb: Builder,
  next: () => unknown,
  hasIlike: boolean,
): Expression<SqlBool> {
  if (condition.kind === "compare") return comparisonOf(condition, eb, next, hasIlike);
  const parts = condition.parts.map((part) => expressionOf(part, eb, next, hasIlike));
  switch (condition.kind) {
    case "and":
      return eb.and(parts);
    case "or":
      return eb.or(parts);
    case "not":
      return eb.not(parts[0]!);
  }
}

const OPERATORS = { eq: "=", ne: "!=", gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

function comparisonOf(
  { column, operator, count, flag }: Leaf,
  eb: Builder,
  next: () => unknown,
  hasIlike: boolean,
): Expression<SqlBool> {
  const ref = eb.ref(column);
  if (flag !== undefined) return eb(ref, flag ? "is" : "is not", null);
  switch (operator) {
    case "in":
    case "notIn":
      if (count === 0) return eb(eb.lit<number>(1), "=", eb.lit<number>(operator === "in" ? 0 : 1));
      return eb(ref, operator === "in" ? "in" : "not in", Array.from({ length: count }, next));
    case "between":
      return eb.between(ref, next(), next());
    case "like":
      return eb(ref, "like", next());
    case "ilike":
      return hasIlike
        ? eb(ref, "ilike", next())
        : eb(eb.fn("lower", [ref]), "like", eb.fn("lower", [eb.val(next())]));
    case "contains":
    case "startsWith":
    case "endsWith":
      return sql<SqlBool>`${ref} like ${next()} escape '!'`;
    default:
      return eb(ref, OPERATORS[operator as keyof typeof OPERATORS], next());
  }
}
