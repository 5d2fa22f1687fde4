import { z } from "zod";

/** A value that a column is compared with. */
export type Value = string | number | boolean | null;

/** How a column is compared. */
export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "like" | "not like" | "ilike";

/** A condition, as an assistant writes it. */
export type Condition =
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly exists: Query }
  | { readonly column: string; readonly op: Operator; readonly value: Exclude<Value, null> }
  | { readonly column: string; readonly op: Operator; readonly other: string }
  | { readonly column: string; readonly op: "is null" | "is not null" }
  | {
    readonly column: string;
    readonly op: "in" | "not in";
    readonly values: readonly Exclude<Value, null>[];
  }
  | { readonly column: string; readonly op: "in" | "not in"; readonly query: Query };

/** A column of the result. */
export type Selected =
  | string
  | { readonly column: string; readonly as?: string | undefined }
  | {
    readonly aggregate: "count" | "sum" | "avg" | "min" | "max";
    readonly column?: string | undefined;
    readonly distinct?: boolean | undefined;
    readonly as: string;
  };

/** A table beside the first. */
export interface Join {
  readonly type?: "inner" | "left" | undefined;
  readonly table: string;
  readonly as?: string | undefined;
  readonly on: readonly { readonly left: string; readonly right: string }[];
}

/** What rows are ordered by. */
export interface Order {
  readonly column: string;
  readonly direction?: "asc" | "desc" | undefined;
}

/** A query, as an assistant writes it. */
export interface Query {
  readonly from: string;
  readonly as?: string | undefined;
  readonly joins?: readonly Join[] | undefined;
  readonly columns?: readonly Selected[] | undefined;
  readonly distinct?: boolean | undefined;
  readonly where?: Condition | undefined;
  readonly groupBy?: readonly string[] | undefined;
  readonly having?: Condition | undefined;
  readonly orderBy?: readonly Order[] | undefined;
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

const operator = z.enum(["=", "!=", "<", "<=", ">", ">=", "like", "not like", "ilike"]);
const table = z.string().describe("a table or view, as list_tables names it");
const alias = z.string().regex(/^[A-Za-z_]\w{0,62}$/, "an alias has letters, digits and _");
const column = z.string().describe('a column: "name", or "alias.name"');
const value = z.union([z.string(), z.number(), z.boolean()]);

const condition: z.ZodType<Condition> = z.lazy(() =>
  z.union([
    z.strictObject({ and: z.array(condition).min(1) }),
    z.strictObject({ or: z.array(condition).min(1) }),
    z.strictObject({ not: condition }),
    z.strictObject({ exists: QUERY }),
    z.strictObject({ column, op: z.enum(["is null", "is not null"]) }),
    z.strictObject({ column, op: operator, value }),
    z.strictObject({ column, op: operator, other: column.describe("another column") }),
    z.strictObject({ column, op: z.enum(["in", "not in"]), values: z.array(value).min(1) }),
    z.strictObject({
      column,
      op: z.enum(["in", "not in"]),
      query: QUERY.describe("a query of one column"),
    }),
  ])
).meta({ id: "Condition" });

/** The fields of a query. */
export const QUERY_FIELDS: {
  readonly [Name in keyof Query]-?: z.ZodType<Query[Name]>;
} = {
  from: table,
  as: alias.optional(),
  joins: z.array(z.strictObject({
    type: z.enum(["inner", "left"]).optional(),
    table,
    as: alias.optional(),
    on: z.array(z.strictObject({ left: column, right: column })).min(1),
  })).max(8).optional(),
  columns: z.array(z.union([
    column,
    z.strictObject({ column, as: alias.optional() }),
    z.strictObject({
      aggregate: z.enum(["count", "sum", "avg", "min", "max"]),
      column: column.optional().describe('left out for "count" of all rows'),
      distinct: z.boolean().optional(),
      as: alias,
    }),
  ])).min(1).optional().describe("all columns of the first table, if it is left out"),
  distinct: z.boolean().optional(),
  where: condition.optional(),
  groupBy: z.array(column).optional(),
  having: condition.optional().describe(
    "a condition in which the alias of an aggregate is a column",
  ),
  orderBy: z.array(z.strictObject({
    column: column.describe("a column, or the alias of an aggregate"),
    direction: z.enum(["asc", "desc"]).optional(),
  })).optional(),
  limit: z.int().min(1).optional(),
  offset: z.int().min(0).optional(),
};

/** A query. */
export const QUERY: z.ZodType<Query> = z.lazy(() => z.strictObject(QUERY_FIELDS)).meta({
  id: "Query",
});

/** The condition of a statement that writes. */
export const CONDITION: z.ZodType<Condition> = condition;
