import type { Capabilities } from "./capabilities.ts";
import type { Comparison, Expr, Pred, Select, Type } from "./ast.ts";
import type { Column } from "./ast.ts";
import type { Draw } from "./draw.ts";
import { filteredNames, stamps } from "./schema.ts";
import { emptySelect, generateSelect, tableSource } from "./generate_select.ts";

/** A source that the expressions of a block see. */
export interface Visible {
  alias: string;
  columns: readonly Column[];
  /** A table without an alias: its columns may be written with their schema. */
  qualifiable?: boolean;
}

export interface CteInfo {
  name: string;
  columns: readonly Column[];
  /** How many sources it counts for: its rows are as many as theirs, multiplied. */
  weight: number;
}

/** What the expressions and subqueries at one place of a query may use. */
export interface Scope {
  draw: Draw;
  can: Capabilities;
  /** The block's own sources. */
  local: readonly Visible[];
  outer: Scope | undefined;
  ctes: readonly CteInfo[];
  /** Tables that may not be named without their schema: a CTE that cannot be read hides them. */
  banned: readonly string[];
  /** How many more levels of subqueries may follow. */
  depth: number;
  /** Names and sources already given out in the query. */
  counter: { next: number; sources: number };
  /** Whether columns may be written without their source. */
  bare: boolean;
  /** Whether window functions may be used. */
  windows: boolean;
}

/** The columns of a type that a place sees, the block's own before those of enclosing blocks. */
export function visibleColumns(
  scope: Scope,
  type: Type,
  localOnly = false,
): (Expr & { e: "col" })[] {
  const out: (Expr & { e: "col" })[] = [];
  const hidden = new Set<string>();
  for (
    let at: Scope | undefined = scope;
    at !== undefined;
    at = localOnly ? undefined : at.outer
  ) {
    for (const source of at.local) {
      if (hidden.has(source.alias)) continue;
      for (const column of source.columns) {
        if (column.type === type) {
          const qualified = source.qualifiable && scope.draw.percent(15);
          const own = { e: "col", alias: source.alias, name: column.name } as const;
          out.push(qualified ? { ...own, qualified } : own);
        }
      }
    }
    for (const source of at.local) hidden.add(source.alias);
  }
  return out;
}

export function literal(scope: Scope, type: Type): Expr {
  const { draw } = scope;
  const inline = draw.percent(40);
  if (type === "int") return { e: "lit", value: draw.int(0, 5), type, inline };
  if (type === "text") return { e: "lit", value: draw.pick(["a", "b", "ab", ""]), type, inline };
  return { e: "lit", value: draw.percent(60) ? null : draw.pick(stamps), type, inline: false };
}

export function column(scope: Scope, type: Type): Expr {
  const { draw } = scope;
  const own = visibleColumns(scope, type, true);
  const all = visibleColumns(scope, type);
  if (all.length === 0) return literal(scope, type);
  const chosen = draw.pick(own.length > 0 && draw.percent(75) ? own : all);
  const bare = scope.bare && chosen.qualified !== true && scope.local.length === 1 &&
    draw.percent(25) &&
    own.some((c) => c.alias === chosen.alias && c.name === chosen.name);
  return bare ? { e: "col", name: chosen.name } : chosen;
}

/** An expression of the wanted type. */
export function expr(scope: Scope, type: Type, size = 2): Expr {
  const { draw } = scope;
  const sub = () => expr(scope, type, size - 1);
  return draw.weighted<Expr>([
    [10, () => column(scope, type)],
    [3, () => literal(scope, type)],
    ...(size > 0
      ? [
        [1, () => ({ e: "coalesce", args: [sub(), sub()] })],
        [1, () => ({
          e: "case",
          when: pred(scope, size - 1),
          then: sub(),
          otherwise: sub(),
        })],
        ...(type === "int"
          ? [
            [1, () => ({
              e: "math",
              op: draw.pick(["+", "-", "*"] as const),
              left: sub(),
              right: sub(),
            })],
            [1, () => ({ e: "raw", left: column(scope, "int"), right: literal(scope, "int") })],
          ] as [number, () => Expr][]
          : []),
      ] as [number, () => Expr][]
      : []),
    ...(scope.depth > 0 && size > 0
      ? [
        [2, () => ({ e: "scalar", query: scalarQuery(scope, type) })],
        ...(type === "int" ? [[2, () => probe(scope)]] : []),
      ] as [number, () => Expr][]
      : []),
  ]);
}

/**
 * A number that changes with the rows of one filtered table: it tells at any place whether the
 * place was reached. Without parameters two of them are the same expression to PostgreSQL.
 */
export function probe(scope: Scope): Expr {
  const { draw } = scope;
  const { source, visible } = tableSource(inner(scope), new Set(), filteredNames);
  const own = (name: string): Expr => ({ e: "col", alias: visible.alias, name });
  const outside = visibleColumns(scope, "int", true).filter((c) => c.alias !== visible.alias);
  const query: Select = {
    ...emptySelect(),
    via: draw.percent(50) ? "handle" : "callback",
    from: [source],
    items: [{
      as: "c0",
      expr: draw.percent(50)
        ? { e: "agg", fn: "count", distinct: false }
        : { e: "agg", fn: draw.pick(["max", "sum"] as const), arg: own("score"), distinct: false },
    }],
  };
  if (outside.length > 0 && draw.percent(75)) {
    query.where = [{
      p: "cmp",
      op: draw.pick(["=", "<="] as const),
      left: own(draw.pick(["id", "team_id", "score"])),
      right: draw.pick(outside),
    }];
  }
  return { e: "scalar", query };
}

/** A subquery that has at most one row and one column. */
function scalarQuery(scope: Scope, type: Type): Select {
  return generateSelect({ ...inner(scope), bare: false }, {
    outputs: [{ name: "c0", type }],
    oneRow: true,
  }).select;
}

/** The scope that a subquery at this place starts with. */
export function inner(scope: Scope): Scope {
  return { ...scope, local: [], outer: scope, depth: scope.depth - 1, bare: true };
}

const comparisons: readonly Comparison[] = ["=", "!=", "<", "<=", ">", ">="];

export function pred(scope: Scope, size = 2): Pred {
  const { draw, can } = scope;
  const int = () => expr(scope, "int", size - 1);
  const outputs = [{ name: "c0", type: "int" as const }];
  const tested = () => can.subqueryBeforeIn ? int() : column(scope, "int");
  // MariaDB 10.11 pushes the comparison of `in` below the window functions of its subquery.
  const windows = scope.windows && can.dialect !== "mysql";
  const query = (): Select =>
    generateSelect({ ...inner(scope), windows }, { outputs, limit: can.limitInIn, sets: true })
      .select;
  return draw.weighted<Pred>([
    [6, () => ({ p: "cmp", op: draw.pick(comparisons), left: int(), right: int() })],
    [2, () => ({
      p: "cmp",
      op: draw.pick(["=", "!="] as const),
      left: column(scope, "text"),
      right: expr(scope, "text", size - 1),
    })],
    [2, () => ({
      p: "isNull",
      negated: draw.percent(50),
      arg: column(scope, draw.pick(["int", "text", "stamp", "stamp"] as const)),
    })],
    [1, () => ({ p: "between", arg: int(), low: int(), high: int() })],
    [1, () => ({
      p: "like",
      arg: column(scope, "text"),
      pattern: draw.pick(["a%", "%b", "%"]),
    })],
    [2, () => ({
      p: "inList",
      negated: draw.percent(30),
      arg: column(scope, "int"),
      values: Array.from({ length: draw.int(1, 3) }, () => draw.int(0, 5)),
    })],
    ...(size > 0
      ? [
        [1, () => ({ p: "and", args: [pred(scope, size - 1), pred(scope, size - 1)] })],
        [2, () => ({ p: "or", args: [pred(scope, size - 1), pred(scope, size - 1)] })],
        [1, () => ({ p: "not", arg: pred(scope, size - 1) })],
        [3, () => ({ p: "rawOr", args: [pred(scope, size - 1), pred(scope, size - 1)] })],
      ] as [number, () => Pred][]
      : []),
    ...(scope.depth > 0 ? [[2, () => probed(scope)]] as [number, () => Pred][] : []),
    ...(scope.depth > 0 && size > 0
      ? [
        [2, () => ({ p: "exists", negated: draw.percent(50), query: existsQuery(scope) })],
        [2, () => ({ p: "inQuery", negated: draw.percent(50), args: [tested()], query: query() })],
        [1, () => ({
          p: "inQuery",
          negated: draw.percent(30),
          args: [column(scope, "int"), column(scope, "int")],
          query: generateSelect({ ...inner(scope), windows }, {
            outputs: [...outputs, { name: "c1", type: "int" }],
          }).select,
        })],
        [1, () => ({ p: "rawIn", arg: column(scope, "int"), query: query() })],
        ...(can.quantified
          ? [[1, () => ({
            p: "quantified",
            quantifier: draw.pick(["any", "all"] as const),
            op: draw.pick(comparisons),
            left: tested(),
            query: query(),
          })]] as [number, () => Pred][]
          : []),
      ] as [number, () => Pred][]
      : []),
  ]);
}

/** A condition on a {@linkcode probe}. */
function probed(scope: Scope): Pred {
  const { draw } = scope;
  return {
    p: "cmp",
    op: draw.pick(comparisons),
    left: probe(scope),
    right: draw.percent(50) ? literal(scope, "int") : column(scope, "int"),
  };
}

/** A subquery for `exists`: mostly one that looks at the enclosing query's columns. */
function existsQuery(scope: Scope): Select {
  return generateSelect(inner(scope), { limit: true }).select;
}

/** Several conditions, to be given in as many calls. */
export function preds(scope: Scope, chance: number, size = 2): Pred[] {
  const out: Pred[] = [];
  while (out.length < 2 && scope.draw.percent(chance)) out.push(pred(scope, size));
  return out;
}

/** An aggregate that belongs to this block: its argument has a column of the block itself. */
export function aggregate(scope: Scope): Expr {
  const { draw, can } = scope;
  const own = visibleColumns(scope, "int", true);
  const fn = own.length === 0 ? "count" : draw.pick(["count", "sum", "min", "max"] as const);
  const star = own.length === 0 || (fn === "count" && draw.percent(50));
  const local: Scope = { ...scope, outer: undefined, depth: draw.percent(50) ? scope.depth : 0 };
  return {
    e: "agg",
    fn,
    arg: star ? undefined : draw.pick(own),
    distinct: !star && draw.percent(20),
    filter: can.aggregateFilter && draw.percent(30)
      ? (draw.percent(40) && local.depth > 0 ? probed(local) : pred(local, 1))
      : undefined,
  };
}

/** A window function whose result does not depend on the order of equal rows. */
export function windowed(scope: Scope): Expr {
  const { draw } = scope;
  const all = (["int", "text", "stamp"] as const).flatMap((t) => visibleColumns(scope, t, true));
  const own = visibleColumns(scope, "int", true);
  if (own.length === 0) return literal(scope, "int");
  const fn = draw.pick(["count", "sum", "rank", "row_number", "lag"] as const);
  return {
    e: "window",
    fn,
    arg: fn === "rank" || fn === "row_number" ? undefined : draw.pick(own),
    partition: draw.percent(60)
      ? [scope.depth > 0 && draw.percent(40) ? probe(scope) : draw.pick(all)]
      : [],
    // Rows that are equal in all columns may change places unseen.
    order: fn === "row_number" || fn === "lag"
      ? all
      : fn === "rank" || draw.percent(60)
      ? [scope.depth > 0 && draw.percent(40) ? probe(scope) : draw.pick(own)]
      : [],
  };
}
