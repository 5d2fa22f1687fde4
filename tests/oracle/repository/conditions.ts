/** Conditions of repositories as SQL, spelled out. */
import { type Kysely, type RawBuilder, sql } from "kysely";
import { Expected } from "./answers.ts";
import type { Order, Where } from "./calls.ts";
import { encoded, type Row, type Table } from "./tables.ts";

type Condition = RawBuilder<unknown>;

/** The rows that fit, in their order. */
export async function rowsOf(
  db: Kysely<any>,
  table: string,
  where: Where | undefined,
  orderBy: readonly Order[] = [],
): Promise<Row[]> {
  const condition = where === undefined ? sql`1 = 1` : conditionOf(where);
  const order = orderBy.flatMap(({ column, direction = "asc", nulls }) => {
    const way = direction === "asc" ? sql`asc` : sql`desc`;
    const isNull = sql`case when ${sql.ref(column)} is null then 1 else 0 end`;
    return [
      ...nulls === undefined ? [] : [nulls === "first" ? sql`${isNull} desc` : sql`${isNull} asc`],
      sql`${sql.ref(column)} ${way}`,
    ];
  });
  const by = order.length === 0 ? sql`` : sql`order by ${sql.join(order)}`;
  return (await sql<Row>`select * from ${sql.table(table)} where ${condition} ${by}`
    .execute(db)).rows;
}

export function conditionsOf(columns: Row): Condition {
  return sql.join(
    Object.entries(columns).map(([column, value]) => sql`${sql.ref(column)} = ${value}`),
    sql` and `,
  );
}

export function assignmentsOf(columns: Row): Condition[] {
  return Object.entries(columns).map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
}

/** A condition with its values as the database has them. */
export function encodedWhere(table: Table, where: Where): Where {
  const value = (column: string, each: unknown) => encoded(table, { [column]: each })[column];
  const operand = (column: string, name: string, each: unknown) =>
    Array.isArray(each)
      ? each.map((item) => value(column, item))
      : name.endsWith("isNull")
      ? each
      : value(column, each);
  return Object.fromEntries(
    Object.entries(where).map(([key, each]) => {
      const name = key.replace("$", "");
      if (name === "not") return [key, encodedWhere(table, each as Where)];
      if (name === "and" || name === "or") {
        return [key, (each as Where[]).map((part) => encodedWhere(table, part))];
      }
      if (typeof each !== "object" || each === null) return [key, value(key, each)];
      const operands = Object.entries(each).map(([name, one]) => [name, operand(key, name, one)]);
      return [key, Object.fromEntries(operands)];
    }),
  );
}

/** SQL of a condition; what is refused in it throws. */
function conditionOf(where: Where): Condition {
  const parts = Object.entries(where).map(([key, value]) => {
    switch (key.replace("$", "")) {
      case "and":
        return joined((value as Where[]).map(partOf), sql` and `, sql`1 = 1`);
      case "or":
        return joined((value as Where[]).map(partOf), sql` or `, sql`1 = 0`);
      case "not":
        return sql`not (${partOf(value as Where)})`;
      default:
        return comparisons(sql.ref(key), value);
    }
  });
  return joined(parts, sql` and `, sql`1 = 1`);
}

function partOf(where: Where): Condition {
  if (Object.keys(where).length === 0) throw new Expected("BadRequestError");
  return conditionOf(where);
}

function joined(parts: readonly Condition[], by: Condition, none: Condition): Condition {
  return parts.length === 0 ? none : sql`(${sql.join(parts.map((p) => sql`(${p})`), by)})`;
}

function comparisons(column: Condition, value: unknown): Condition {
  if (value === null) return sql`${column} is null`;
  if (typeof value !== "object") return sql`${column} = ${value}`;
  if (Object.keys(value).length === 0) throw new Expected("BadRequestError");
  const parts = Object.entries(value).map(([name, operand]) =>
    comparison(column, name.replace("$", ""), operand)
  );
  return joined(parts, sql` and `, sql`1 = 1`);
}

function comparison(column: Condition, operator: string, value: any): Condition {
  const pattern = (before: string, after: string) =>
    sql`${column} like ${before + value.replace(/[%_~]/g, "~$&") + after} escape '~'`;
  const isOne = () =>
    joined((value as unknown[]).map((v) => sql`${column} = ${v}`), sql` or `, sql`1 = 0`);
  switch (operator) {
    case "eq":
      return value === null ? sql`${column} is null` : sql`${column} = ${value}`;
    case "ne":
      return value === null ? sql`${column} is not null` : sql`${column} <> ${value}`;
    case "gt":
      return sql`${column} > ${value}`;
    case "gte":
      return sql`${column} >= ${value}`;
    case "lt":
      return sql`${column} < ${value}`;
    case "lte":
      return sql`${column} <= ${value}`;
    case "in":
      return isOne();
    case "notIn":
      return sql`not ${isOne()}`;
    case "between":
      return sql`${column} >= ${value[0]} and ${column} <= ${value[1]}`;
    case "isNull":
      return value ? sql`${column} is null` : sql`${column} is not null`;
    case "like":
      return sql`${column} like ${value}`;
    case "ilike":
      return sql`lower(${column}) like ${value.toLowerCase()}`;
    case "contains":
      return pattern("%", "%");
    case "startsWith":
      return pattern("", "%");
    case "endsWith":
      return pattern("%", "");
    default:
      throw new Error(`There is no comparison "${operator}"`);
  }
}

/** Refuses a condition that holds for every row, whatever it has. */
export function refuseAll(where: Where): void {
  conditionOf(where);
  if (alwaysHolds(where) === true) throw new Expected("BadRequestError");
}

/** What a condition says without looking at a row, if it does. */
function alwaysHolds(where: Where): boolean | undefined {
  return every(
    Object.entries(where).map(([key, value]) => {
      switch (key.replace("$", "")) {
        case "and":
          return every((value as Where[]).map(alwaysHolds));
        case "or":
          return opposite(every((value as Where[]).map((part) => opposite(alwaysHolds(part)))));
        case "not":
          return opposite(alwaysHolds(value as Where));
        default: {
          if (isAnyText(value)) return true;
          const { in: some, notIn: none } = Object(value) as { in?: unknown[]; notIn?: unknown[] };
          const dollar = (Object(value) as { $in?: unknown[] }).$in;
          if ((some ?? dollar)?.length === 0) return false;
          return none?.length === 0 ? true : undefined;
        }
      }
    }),
  );
}

/** Whether a condition of a column is a pattern that every text fits, and nothing else. */
function isAnyText(value: unknown): boolean {
  const entries = Object.entries(Object(value));
  return entries.length > 0 && entries.every(([operator, text]) => {
    switch (operator.replace("$", "")) {
      case "like":
      case "ilike":
        return /^%+$/.test(String(text));
      case "contains":
      case "startsWith":
      case "endsWith":
        return text === "";
      default:
        return false;
    }
  });
}

function every(parts: readonly (boolean | undefined)[]): boolean | undefined {
  if (parts.includes(false)) return false;
  return parts.every((part) => part === true) ? true : undefined;
}

function opposite(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}
