import { BadRequestError, type Dialect, didYouMean, isPlainObject, isPromise } from "@kysera/core";
import {
  type Expression,
  type RawBuilder,
  type ReferenceExpression,
  sql,
  type SqlBool,
} from "kysely";
import { isJsonType } from "./_column_values.ts";
import { shown } from "./_columns.ts";
import { arrayTest, JSON_SQL, type JsonSql } from "./_json_sql.ts";

/** What conditions on JSON have to know of a table. */
export interface JsonColumns {
  readonly table: string;
  readonly dialect: Dialect;
  /** The type of a column; `undefined` where it is not known. */
  typeOf(column: string): string | undefined;
}

/** One condition on what stands in a column of JSON, or of an array. */
export interface JsonLeaf {
  readonly kind: "json";
  readonly column: string;
  /** Makes the SQL; `next` gives the values in the order that they were read in. */
  build(ref: Ref, next: () => unknown): Expression<SqlBool>;
}

/** A column, qualified. */
export type Ref = Exclude<ReferenceExpression<any, any>, string>;

/** Takes values as they are read. */
export interface JsonReading {
  readonly values: unknown[];
  readonly shape: string[];
}

/** What tells a condition on JSON from a comparison of the column. */
const ONLY_JSON: ReadonlySet<string> = new Set([
  "path",
  "hasKey",
  "arrayContains",
  "arrayOverlaps",
  "arrayContainedBy",
]);

const ORDERED = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const;
const PATTERNS: ReadonlySet<string> = new Set([
  "like",
  "ilike",
  "contains",
  "startsWith",
  "endsWith",
]);
const OPERATORS: readonly string[] = [
  "eq",
  "ne",
  ...Object.keys(ORDERED),
  "in",
  "notIn",
  "between",
  ...PATTERNS,
  "isNull",
  "isNotNull",
  ...[...ONLY_JSON].slice(1),
];

const MOST_STEPS = 100;

type Test = (ref: Ref, next: () => unknown) => RawBuilder<SqlBool>;

/** Whether what a condition says of a column is about what stands in it. */
export function isJsonCondition(value: Readonly<Record<string, unknown>>): boolean {
  return Object.keys(value).some((key) => ONLY_JSON.has(bare(key)));
}

const WHOLE: ReadonlySet<string> = new Set(["eq", "ne", "in", "notIn"]);

/**
 * Returns a comparison of a whole column as one of what stands in it, where the database cannot compare
 * the column: PostgreSQL has no equality for `json`, as it has for `jsonb`.
 */
export function asJsonCondition(
  column: string,
  value: object,
  { dialect, typeOf }: JsonColumns,
): Readonly<Record<string, unknown>> | undefined {
  if (dialect !== "postgres" || typeOf(column) !== "json") return undefined;
  if (!isPlainObject(value)) return { path: [], eq: value };
  const entries = Object.entries(value);
  const isWhole = entries.length > 0 &&
    entries.every(([key, each]) => WHOLE.has(bare(key)) && each !== null);
  return isWhole ? { ...value, path: [] } : undefined;
}

/**
 * Reads what a condition says of what stands in a column.
 *
 * @throws {BadRequestError} for what is no such condition, or what the dialect has not
 */
export function readJson(
  column: string,
  given: Readonly<Record<string, unknown>>,
  { values, shape }: JsonReading,
  columns: JsonColumns,
): JsonLeaf[] {
  const type = columns.typeOf(column);
  const isArray = columns.dialect === "postgres" && type?.endsWith("[]") === true;
  const entries = Object.entries(given).map(([key, value]) => [bare(key), value] as const);
  const path = entries.find(([key]) => key === "path")?.[1];
  const comparisons = entries.filter(([key]) => key !== "path");
  if (comparisons.length === 0) throw wrong(column, `"path" needs a comparison beside it`);
  if (!isArray) mustHoldJson(column, type, columns);
  const json = JSON_SQL[columns.dialect];
  if (json === undefined) throw wrong(column, `${columns.dialect} has no conditions on JSON here`);
  const steps = readPath(column, path);
  return comparisons.map(([operator, value]) => {
    if (!OPERATORS.includes(operator)) {
      throw wrong(
        column,
        `there is no comparison "${shown(operator)}" of what stands at a path; there are ` +
          OPERATORS.join(", ") + didYouMean(operator, OPERATORS),
      );
    }
    if (value === undefined) throw wrong(column, `the value of "${operator}" is undefined`);
    if (isPromise(value)) throw wrong(column, `the value of "${operator}" is a promise; await it`);
    shape.push("json", JSON.stringify(column), operator, String(isArray));
    const own: unknown[] = [];
    const test = isArray
      ? ofArray(column, operator, value, path, own)
      : new Reader(json, column, steps, own).read(operator, value);
    values.push(...own);
    shape.push(shapeOf(value), String(own.length), steps.map((step) => typeof step).join());
    return { kind: "json", column, build: test };
  });
}

function mustHoldJson(
  column: string,
  type: string | undefined,
  { dialect, table }: JsonColumns,
): void {
  if (type === undefined || isJsonType(type)) return;
  const mayHold = dialect === "postgres"
    ? /^(?:text|character varying|varchar)/.test(type)
    : !/^(?:(?:tiny|small|medium|big)?int|real|float|double|decimal|numeric|bool|bit|date|time|year)/
      .test(type);
  if (mayHold) return;
  throw new BadRequestError(
    `Cannot read the condition: "${column}" of "${table}" holds ${type}, and no JSON or array`,
  );
}

function bare(key: string): string {
  return key.startsWith("$") ? key.slice(1) : key;
}

function wrong(column: string, problem: string): BadRequestError {
  return new BadRequestError(`Cannot read the condition on "${column}": ${problem}`);
}

function readPath(column: string, path: unknown): readonly (string | number)[] {
  if (path === undefined) return [];
  const isPath = Array.isArray(path) && path.length <= MOST_STEPS &&
    path.every((step) =>
      typeof step === "string"
        ? !step.includes("\0")
        : Number.isSafeInteger(step) && step >= 0 && step < 2 ** 31
    );
  if (isPath) return path;
  throw wrong(
    column,
    '"path" is a list of keys and of places from 0, as ["address", "lines", 0]',
  );
}

/** What the SQL depends on: the kinds of values, and how many there are. */
function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(kindOf).join()}]`;
  return kindOf(value) === "boolean" || value === null ? String(value) : kindOf(value);
}

type Kind = "text" | "number" | "boolean" | "null" | "object" | "list" | "none";

function kindOf(value: unknown): Kind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "list";
  switch (typeof value) {
    case "string":
      return "text";
    case "bigint":
      return "number";
    case "number":
      return Number.isFinite(value) ? "number" : "none";
    case "boolean":
      return "boolean";
    default:
      return isPlainObject(value) ? "object" : "none";
  }
}

/** Reads one comparison: puts its values down, and returns the SQL that takes them in this order. */
class Reader {
  readonly #json: JsonSql;
  readonly #column: string;
  readonly #path: readonly (string | number)[];
  readonly #values: unknown[];

  constructor(
    json: JsonSql,
    column: string,
    path: readonly (string | number)[],
    values: unknown[],
  ) {
    this.#json = json;
    this.#column = column;
    this.#path = path;
    this.#values = values;
  }

  read(operator: string, value: unknown): Test {
    switch (operator) {
      case "eq":
        return value === null ? this.#isNone(true) : this.#equals(value, operator);
      case "ne":
        return value === null ? this.#isNone(false) : this.#isOther([value], operator);
      case "in":
        return this.#isOneOf(this.#list(value, operator), operator);
      case "notIn":
        return this.#isOther(this.#list(value, operator), operator);
      case "between": {
        const [from, to] = this.#list(value, operator, 2);
        return all([this.#ordered(">=", from, operator), this.#ordered("<=", to, operator)]);
      }
      case "isNull":
      case "isNotNull":
        if (typeof value !== "boolean") throw this.#wrong(operator, "true or false");
        return this.#isNone(value === (operator === "isNull"));
      case "hasKey":
        if (typeof value !== "string") throw this.#wrong(operator, "a text");
        return this.#json.hasKey(this.#path, value, this.#put);
      case "arrayContains": {
        const items = this.#scalars(Array.isArray(value) ? value : [value], operator);
        return all([this.#isList(), ...items.map((item) => this.#holds(item))]);
      }
      case "arrayOverlaps": {
        const items = this.#scalars(this.#list(value, operator), operator);
        return all([this.#isList(), any(items.map((item) => this.#holds(item)))]);
      }
      case "arrayContainedBy":
        if (this.#json.containedBy === undefined) {
          throw wrong(this.#column, `the database has no "${operator}"`);
        }
        return this.#json.containedBy(
          this.#path,
          this.#scalars(this.#list(value, operator), operator),
          this.#put,
        );
      default:
        if (PATTERNS.has(operator)) {
          if (typeof value !== "string") throw this.#wrong(operator, "a text");
          return this.#json.matches(this.#path, operator, value, this.#put);
        }
        return this.#ordered(ORDERED[operator as keyof typeof ORDERED], value, operator);
    }
  }

  readonly #put = (...values: readonly unknown[]): void => void this.#values.push(...values);

  #isNone(isNone: boolean): Test {
    return this.#json.isNone(this.#path, isNone, this.#put);
  }

  #isList(): Test {
    return this.#json.isList(this.#path, this.#put);
  }

  #holds(item: unknown): Test {
    return this.#json.holds(this.#path, kindOf(item), item, this.#put);
  }

  #equals(value: unknown, operator: string): Test {
    const kind = kindOf(value);
    if (kind === "none") throw this.#wrong(operator, "a value of JSON");
    if ((kind === "object" || kind === "list") && this.#json.equalsWhole === undefined) {
      throw wrong(
        this.#column,
        "the database does not compare objects and lists of JSON; compare what stands in them, by " +
          'a longer "path"',
      );
    }
    return kind === "object" || kind === "list"
      ? this.#json.equalsWhole!(this.#path, value, this.#put)
      : this.#json.compares(this.#path, kind, "=", value, this.#put);
  }

  #ordered(sign: string, value: unknown, operator: string): Test {
    const kind = kindOf(value);
    if (kind !== "text" && kind !== "number") throw this.#wrong(operator, "a text or a number");
    return this.#json.compares(this.#path, kind, sign, value, this.#put);
  }

  #isOneOf(list: readonly unknown[], operator: string): Test {
    return any(list.map((item) => this.#equals(item, operator)));
  }

  /** As in SQL, where there is no value it is not another one. */
  #isOther(list: readonly unknown[], operator: string): Test {
    const isThere = this.#isNone(false);
    const isOne = this.#isOneOf(list, operator);
    return (ref, next) => sql<SqlBool>`(${isThere(ref, next)} and not ${isOne(ref, next)})`;
  }

  #list(value: unknown, operator: string, length?: number): readonly unknown[] {
    const isList = Array.isArray(value) && (length === undefined || value.length === length) &&
      value.every((item) => item !== null && item !== undefined);
    if (isList) return value;
    throw this.#wrong(operator, length === undefined ? "a list of values" : "a list of two values");
  }

  #scalars(list: readonly unknown[], operator: string): readonly unknown[] {
    for (const item of list) {
      const kind = kindOf(item);
      if (kind === "none" || kind === "list" || kind === "object" || isPromise(item)) {
        throw this.#wrong(operator, "texts, numbers, booleans and null");
      }
    }
    return list;
  }

  #wrong(operator: string, wanted: string): BadRequestError {
    return wrong(this.#column, `"${operator}" takes ${wanted}`);
  }
}

function all(tests: readonly Test[]): Test {
  return (ref, next) =>
    sql<SqlBool>`(${sql.join(tests.map((test) => test(ref, next)), sql` and `)})`;
}

function any(tests: readonly Test[]): Test {
  if (tests.length === 0) return () => sql<SqlBool>`1 = 0`;
  return (ref, next) =>
    sql<SqlBool>`(${sql.join(tests.map((test) => test(ref, next)), sql` or `)})`;
}

/** A condition on a column of PostgreSQL that is an array. */
function ofArray(
  column: string,
  operator: string,
  value: unknown,
  path: unknown,
  values: unknown[],
): Test {
  if (path !== undefined) throw wrong(column, "it is an array, which has no paths");
  const items = operator === "arrayContains" && !Array.isArray(value) ? [value] : value;
  const test = arrayTest(operator);
  if (test === undefined) {
    throw wrong(column, `"${operator}" is not a comparison of an array that stands beside others`);
  }
  if (!Array.isArray(items) || items.some((item) => item === undefined || isPromise(item))) {
    throw wrong(column, `"${operator}" takes a list of values`);
  }
  values.push(items);
  return test;
}
