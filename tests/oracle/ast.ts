/**
 * The queries of the oracle as plain data: small enough to shrink by structure, and rendered to a
 * Kysely builder for whichever handle is to run them.
 */

export type Type = "int" | "text" | "stamp" | "json";

export interface Column {
  name: string;
  type: Type;
}

export type Expr =
  | {
    e: "col";
    alias?: string | undefined;
    name: string;
    /** Written with the schema of its table. */
    qualified?: boolean | undefined;
  }
  | { e: "lit"; value: number | string | null; type: Type; inline: boolean }
  | { e: "math"; op: "+" | "-" | "*"; left: Expr; right: Expr }
  | { e: "coalesce"; args: Expr[] }
  | { e: "case"; when: Pred; then: Expr; otherwise: Expr }
  | { e: "scalar"; query: Select }
  | {
    e: "agg";
    fn: "count" | "sum" | "min" | "max";
    arg?: Expr | undefined;
    distinct: boolean;
    filter?: Pred | undefined;
  }
  | {
    e: "window";
    fn: "count" | "sum" | "rank" | "row_number" | "lag";
    arg?: Expr | undefined;
    partition: Expr[];
    order: Expr[];
  }
  /** A raw template with no parentheses of its own. */
  | { e: "raw"; left: Expr; right: Expr }
  | { e: "json"; many: boolean; query: Select }
  | { e: "toJson"; alias: string };

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

export type Pred =
  | { p: "cmp"; op: Comparison; left: Expr; right: Expr }
  | { p: "between"; arg: Expr; low: Expr; high: Expr }
  | { p: "isNull"; negated: boolean; arg: Expr }
  | { p: "like"; arg: Expr; pattern: string }
  | { p: "inList"; negated: boolean; arg: Expr; values: number[] }
  | { p: "inQuery"; negated: boolean; args: Expr[]; query: Select }
  | { p: "quantified"; quantifier: "any" | "all"; op: Comparison; left: Expr; query: Select }
  | { p: "exists"; negated: boolean; query: Select }
  | { p: "and"; args: Pred[] }
  | { p: "or"; args: Pred[] }
  | { p: "not"; arg: Pred }
  /** Joined by `or` in a raw template, without parentheses round it. */
  | { p: "rawOr"; args: Pred[] }
  /** A raw template that holds a subquery made by a builder. */
  | { p: "rawIn"; arg: Expr; query: Select };

/** How a table is named; `upper` is in upper case, which is the same name where case is nothing. */
export type TableStyle = "plain" | "qualified" | "sqlTable" | "dynamic" | "upper";

export interface TableSource {
  s: "table";
  table: string;
  alias?: string | undefined;
  style: TableStyle;
}

export type Source =
  | TableSource
  | { s: "query"; query: Select; alias: string }
  | { s: "cte"; name: string; alias?: string | undefined }
  /** A raw fragment that names no table. */
  | { s: "rows"; values: number[]; alias: string };

export type JoinKind =
  | "inner"
  | "left"
  | "right"
  | "full"
  | "cross"
  | "innerLateral"
  | "leftLateral"
  | "crossLateral";

export interface Join {
  kind: JoinKind;
  source: Source;
  /** Several are several calls of `on`; none is `on true`. */
  on: Pred[];
}

export interface Item {
  as: string;
  expr: Expr;
}

export interface Order {
  /** The name of an output column, or an expression. */
  by: string | Expr;
  desc: boolean;
}

export interface Cte {
  name: string;
  /** Names in the CTE's head: `name(c0, c1)`. */
  columns?: string[] | undefined;
  materialized?: boolean | undefined;
  body: Statement;
}

export interface SetArm {
  op: "union" | "intersect" | "except";
  all: boolean;
  parens: boolean;
  arm: Select;
}

/** Whether a nested builder comes from the handle itself or from the callback's builder. */
export type Via = "handle" | "callback";

export interface Select {
  k: "select";
  via: Via;
  recursive: boolean;
  ctes: Cte[];
  from: Source[];
  joins: Join[];
  where: Pred[];
  group: Expr[];
  having: Pred[];
  items: Item[];
  /** `select *` in place of the items, of one alias or of all sources. */
  all?: { alias?: string | undefined } | undefined;
  distinct: boolean;
  distinctOn: Expr[];
  order: Order[];
  /** Whether the order leaves nothing open, so that rows compare as a list. */
  total: boolean;
  limit?: number | undefined;
  offset?: number | undefined;
  fetch?: number | undefined;
  /** A subquery for the limit. */
  limitBy?: Select | undefined;
  lock?: { mode: "forUpdate" | "forShare"; of?: string | undefined } | undefined;
  sets: SetArm[];
  /**
   * The block is the anchor or the step of a recursive CTE: it has one more item, `lvl`, which
   * bounds the recursion. No part of the block's own lists, so that shrinking cannot unbind it.
   */
  level?: "anchor" | { below: number; of: string } | undefined;
}

export interface Assignment {
  alias?: string | undefined;
  name: string;
  expr: Expr;
}

export interface Update {
  k: "update";
  ctes: Cte[];
  /** More than one only where the dialect updates several tables. */
  targets: TableSource[];
  set: Assignment[];
  from: Source[];
  joins: Join[];
  where: Pred[];
  returning: Item[];
  returningAll?: boolean | undefined;
  order: Order[];
  limit?: number | undefined;
}

export interface Delete {
  k: "delete";
  ctes: Cte[];
  target: TableSource;
  /** Further targets, by the alias they have in `using`. */
  also: string[];
  using: Source[];
  joins: Join[];
  where: Pred[];
  returning: Item[];
  returningAll?: boolean | undefined;
  order: Order[];
  limit?: number | undefined;
}

export interface Insert {
  k: "insert";
  ctes: Cte[];
  table: TableSource;
  columns: string[];
  rows: Expr[][];
  query?: Select | undefined;
  conflict?:
    | { how: "nothing" }
    | { how: "update"; set: Assignment[]; where: Pred[] }
    | { how: "ignore" }
    | { how: "replace" }
    | { how: "duplicate"; set: Assignment[] }
    | undefined;
  returning: Item[];
  returningAll?: boolean | undefined;
}

export type MergeWhen = {
  on: "matched" | "notMatched" | "notMatchedBySource";
  and: Pred[];
  then:
    | { how: "delete" }
    | { how: "nothing" }
    | { how: "update"; set: Assignment[] }
    | { how: "insert"; columns: string[]; values: Expr[] };
};

export interface Merge {
  k: "merge";
  ctes: Cte[];
  target: TableSource;
  source: Source;
  /** The source's column that is matched with the target's id. */
  key: Expr;
  /** More conditions of ON, for tables whose ids are not keys. */
  on: Pred[];
  whens: MergeWhen[];
  returning: Item[];
}

export type Write = Update | Delete | Insert | Merge;
export type Statement = Select | Write;

/** How the statement is given to the database. */
export type Handle =
  | "plain"
  | "transaction"
  | "connection"
  | "withPlugin"
  | "withoutPlugins"
  | "withSchema"
  | "compiled"
  | "stream";

export interface Query {
  handle: Handle;
  statement: Statement;
}
