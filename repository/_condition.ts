import { BadRequestError, didYouMean, isPlainObject, isPromise } from "@kysera/core";
import { columnReference } from "@kysera/executor";
import { type Expression, type ExpressionBuilder, sql, type SqlBool } from "kysely";
import { assertColumn, shown } from "./_columns.ts";
import {
  asJsonCondition,
  isJsonCondition,
  type JsonColumns,
  type JsonLeaf,
  readJson,
} from "./_json_condition.ts";
import { InvalidOperatorError } from "./errors.ts";
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
  /** Whether it is a pattern that every text fits. */
  readonly fitsAll?: boolean;
}

interface Branch {
  readonly kind: "and" | "or" | "not";
  readonly parts: readonly Condition[];
}

/** A condition on the related rows of a row. */
interface RelatedRows {
  readonly kind: "related";
  readonly test: "some" | "every" | "none";
  readonly relative: Relative;
  readonly part: Condition;
}

/** A condition without its values. */
export type Condition = Leaf | JsonLeaf | Branch | RelatedRows;

/** The relations of a table, as conditions follow them. */
export interface Relatives {
  readonly names: readonly string[];
  /** Returns a relation, where there is one of the name. */
  relation(name: string): Relative | undefined;
}

/** A relation that conditions follow. */
export interface Relative {
  readonly isMany: boolean;
  /** Encodes values of the other table. */
  readonly encode: Encode;
  /** The relations of the other table. */
  readonly relatives: Relatives;
  /**
   * Returns the condition that a related row exists.
   *
   * @param outer the table, or its alias, that has the relation
   * @param alias what the other table is called
   * @param condition returns what the related row must satisfy
   */
  exists(
    eb: Builder,
    outer: string,
    alias: string,
    condition: (eb: Builder) => Expression<SqlBool> | undefined,
  ): Expression<SqlBool>;
}

/** A condition read: its shape, which says what SQL it is, and the values that go into it. */
export interface ReadCondition {
  readonly condition: Condition;
  readonly shape: string;
  readonly values: readonly unknown[];
}

/** Changes values of a column before they are compared. */
export interface Encode {
  (column: string, value: unknown): unknown;
  /** What conditions on JSON have to know of the table. */
  readonly json: JsonColumns;
}

/**
 * Reads a `where` of a user. A value that is `undefined` is an error, never "no condition".
 *
 * @throws {BadRequestError} for what is not a condition
 */
export function readCondition(
  where: object | undefined,
  encode: Encode,
  relatives?: Relatives,
): ReadCondition {
  const values: unknown[] = [];
  const shape: string[] = [];
  const reading: Reading = { values, shape, encode, relatives, depth: 0 };
  const condition = readAll(where === undefined ? {} : where, reading);
  return { condition, shape: shape.join(""), values };
}

interface Reading {
  readonly values: unknown[];
  readonly shape: string[];
  readonly encode: Encode;
  /** Relations, where they may be followed. */
  readonly relatives: Relatives | undefined;
  /** How deep the part is that is read. */
  depth: number;
}

/** Databases bound how deep an expression may be, and so does the stack. */
const DEEPEST = 100;

function readAll(where: unknown, reading: Reading): Condition {
  if (++reading.depth > DEEPEST) {
    throw new BadRequestError(
      `Cannot read the condition: it is nested more than ${DEEPEST} deep`,
    );
  }
  try {
    return readParts(where, reading);
  } finally {
    reading.depth--;
  }
}

function readParts(where: unknown, reading: Reading): Condition {
  if (typeof where !== "object" || where === null || Array.isArray(where)) {
    throw new BadRequestError(
      `Cannot read the condition: ${where === null ? "null" : typeof where} was given; pass an ` +
        "object of columns and values",
    );
  }
  // It has no keys, and would hold for every row.
  if (isPromise(where)) {
    throw new BadRequestError("Cannot read the condition: it is a promise; await it first");
  }
  const parts: Condition[] = [];
  reading.shape.push("(");
  for (const [key, value] of Object.entries(where)) {
    const name = key.startsWith("$") ? key.slice(1) : key;
    if (name === "and" || name === "or") parts.push(readList(name, value, reading));
    else if (name === "not") {
      reading.shape.push("!");
      parts.push({ kind: "not", parts: [readPart(name, value, reading)] });
    } else {
      const relative = reading.relatives?.relation(key);
      parts.push(
        ...relative === undefined
          ? readColumn(key, value, reading)
          : readRelated(key, value, relative, reading),
      );
    }
  }
  reading.shape.push(")");
  return { kind: "and", parts };
}

function readList(kind: "and" | "or", value: unknown, reading: Reading): Condition {
  if (!Array.isArray(value)) {
    throw new BadRequestError(`Cannot read the condition: "${kind}" takes a list of conditions`);
  }
  reading.shape.push(kind, "[");
  const parts = value.map((item) => readPart(kind, item, reading));
  reading.shape.push("]");
  return { kind, parts };
}

/** An empty part would hold for every row, which nobody means who writes `or` or `not`. */
function readPart(kind: string, value: unknown, reading: Reading): Condition {
  const part = readAll(value, reading);
  if (part.kind === "and" && part.parts.length === 0) {
    throw new BadRequestError(
      `Cannot read the condition: a part of "${kind}" is empty; leave it out`,
    );
  }
  return part;
}

const TESTS: ReadonlySet<string> = new Set(["some", "every", "none"]);
const TESTS_OF_ONE: ReadonlySet<string> = new Set([...TESTS, "is", "isNot"]);

function readRelated(
  name: string,
  value: unknown,
  relative: Relative,
  reading: Reading,
): Condition[] {
  const known = relative.isMany ? TESTS : TESTS_OF_ONE;
  const list = [...known].map((each) => `"${each}"`).join(", ");
  if (!isPlainObject(value) || Object.keys(value).length === 0) {
    throw new BadRequestError(
      `Cannot read the condition: the relation "${name}" takes an object of ${list}`,
    );
  }
  return Object.entries(value).map(([key, each]) => {
    if (!known.has(key)) {
      throw new BadRequestError(
        `Cannot read the condition: "${
          shown(key)
        }" is not a condition of the relation "${name}"; ` +
          `there are ${list}${didYouMean(key, known)}`,
      );
    }
    if (each === undefined) throw undefinedValue(`${name}.${key}`);
    const isNone = (key === "is" || key === "isNot") && each === null;
    const test = key === "is"
      ? isNone ? "none" : "some"
      : key === "isNot"
      ? isNone ? "some" : "none"
      // One of TESTS.
      : key as RelatedRows["test"];
    reading.shape.push("relation", JSON.stringify(name), test);
    const { encode, relatives } = relative;
    const part = readAll(isNone ? {} : each, { ...reading, encode, relatives });
    return { kind: "related", test, relative, part };
  });
}

function readColumn(column: string, value: unknown, reading: Reading): Condition[] {
  assertColumn(column, "read the condition");
  if (value === undefined) throw undefinedValue(column);
  if (typeof value === "object" && value !== null) {
    const whole = asJsonCondition(column, value, reading.encode.json);
    if (whole !== undefined) return readJson(column, whole, reading, reading.encode.json);
  }
  if (!isPlainObject(value)) return [readComparison(column, "eq", value, reading)];
  if (isJsonCondition(value)) return readJson(column, value, reading, reading.encode.json);
  const comparisons = Object.entries(value);
  if (comparisons.length === 0) {
    throw new BadRequestError(
      `Cannot read the condition: "${column}" has no comparison; leave the key out`,
    );
  }
  return comparisons.map(([key, each]) => {
    const operator = key === "$nin" ? "notIn" : key.startsWith("$") ? key.slice(1) : key;
    if (!COMPARISONS.has(operator)) {
      if (TESTS_OF_ONE.has(operator)) throw noRelation(column, reading);
      throw new InvalidOperatorError(column, shown(key), [...COMPARISONS]);
    }
    // A comparison that is left out by a mistake would show more rows than were meant.
    if (each === undefined) throw undefinedValue(column);
    return readComparison(column, operator, each, reading);
  });
}

function noRelation(name: string, { relatives }: Reading): BadRequestError {
  const names = relatives?.names ?? [];
  return new BadRequestError(
    `Cannot read the condition: there is no relation "${shown(name)}"` +
      (names.length > 0
        ? didYouMean(name, names)
        : `; the repository has no relations, which are given as "relations"`),
  );
}

function undefinedValue(column: string): BadRequestError {
  return new BadRequestError(
    `Cannot read the condition: the value of "${column}" is undefined; leave the key out, or ` +
      "give null for NULL",
  );
}

function readComparison(
  column: string,
  operator: string,
  value: unknown,
  { values, shape, encode }: Reading,
): Condition {
  const leaf = (count: number, flag?: boolean): Leaf => {
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
    case "isNotNull":
      if (typeof value !== "boolean") throw wrongValue(column, operator, "true or false");
      return leaf(0, value === (operator === "isNull"));
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
      return isAnyText(operator, value) ? { ...leaf(1), fitsAll: true } : leaf(1);
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

function isAnyText(operator: string, text: string): boolean {
  return operator === "like" || operator === "ilike" ? /^%+$/.test(text) : text === "";
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

/** The table of a condition. */
export interface Target {
  readonly table: string;
  /** Whether the dialect has ILIKE. */
  readonly hasIlike: boolean;
  /** How many relations were followed to it. */
  readonly depth?: number | undefined;
}

/**
 * Whether a condition holds for every row (`true`), for none (`false`), or for some of them. A
 * pattern that every text fits holds for every row: an empty search text is not a condition.
 */
export function constantOf(condition: Condition): boolean | undefined {
  if (condition.kind === "compare") {
    if (condition.fitsAll) return true;
    if (condition.count > 0 || condition.flag !== undefined) return undefined;
    return condition.operator === "notIn";
  }
  if (condition.kind === "json") return undefined;
  if (condition.kind === "related") return constantOfRelated(condition);
  const parts = condition.parts.map(constantOf);
  switch (condition.kind) {
    case "and":
      return parts.includes(false) ? false : parts.every((part) => part === true) || undefined;
    case "or":
      return parts.includes(true) ? true : parts.some((part) => part !== false) ? undefined : false;
    case "not":
      return parts[0] === undefined ? undefined : !parts[0];
  }
}

function constantOfRelated({ test, part }: RelatedRows): boolean | undefined {
  const of = constantOf(part);
  if (test === "every") return of === true ? true : undefined;
  return of === false ? test === "none" : undefined;
}

/**
 * The SQL of a condition.
 *
 * @param next gives the next value, in the order they were read
 * @param target what the condition is on
 */
export function expressionOf(
  condition: Condition,
  eb: Builder,
  next: () => unknown,
  target: Target,
): Expression<SqlBool> {
  if (condition.kind === "compare") return comparisonOf(condition, eb, next, target);
  if (condition.kind === "json") {
    return condition.build(columnReference(target.table, condition.column), next);
  }
  if (condition.kind === "related") return relatedOf(condition, eb, next, target);
  const parts = condition.parts.map((part) => expressionOf(part, eb, next, target));
  switch (condition.kind) {
    case "and":
      return eb.and(parts);
    case "or":
      return eb.or(parts);
    case "not":
      return eb.not(parts[0]!);
  }
}

function relatedOf(
  { test, relative, part }: RelatedRows,
  eb: Builder,
  next: () => unknown,
  { table, hasIlike, depth = 0 }: Target,
): Expression<SqlBool> {
  const alias = `kyserarel${depth + 1}`;
  const found = relative.exists(eb, table, alias, (inner) => {
    if (part.kind === "and" && part.parts.length === 0 && test !== "every") return undefined;
    const each = expressionOf(part, inner, next, { table: alias, hasIlike, depth: depth + 1 });
    if (test !== "every") return each;
    // A condition that is neither true nor false is not satisfied.
    const fails = inner.case().when(each).then(inner.lit<number>(0)).else(inner.lit<number>(1));
    return inner(fails.end(), "=", inner.lit<number>(1));
  });
  return test === "some" ? found : eb.not(found);
}

const OPERATORS = { eq: "=", ne: "!=", gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;

function comparisonOf(
  { column, operator, count, flag }: Leaf,
  eb: Builder,
  next: () => unknown,
  { table, hasIlike }: Target,
): Expression<SqlBool> {
  // Qualified: SQLite takes a quoted name that it does not know for a text.
  const ref = columnReference(table, column);
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
