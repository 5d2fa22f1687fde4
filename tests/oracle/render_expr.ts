import { sql } from "kysely";
import type { Expression, ExpressionBuilder, Kysely } from "kysely";
import * as postgres from "kysely/helpers/postgres";
import * as sqlite from "kysely/helpers/sqlite";
import type { Expr, Pred, Type } from "./ast.ts";
import { renderSelect } from "./render_select.ts";

/** What a query is rendered for. */
export interface RenderTarget {
  /** The handle that nested builders are made with. */
  readonly db: Kysely<any>;
  readonly dialect: "sqlite" | "postgres" | "mysql";
  /** The schema that qualified names have. */
  readonly schema: string;
  /** The name of a table or column as this handle wants it. */
  name(name: string): string;
  /** The ids of a table's hidden rows. */
  hidden(table: string): ReadonlySet<number>;
  /**
   * Whether this is the side that does not have the hidden rows: an upsert must behave there as if
   * they stood in the way.
   */
  readonly visibleOnly: boolean;
  /** What takes the place of a value that a program would have from outside. Default: the value. */
  readonly bind?: ((value: unknown) => any) | undefined;
}

/** A value as it goes into a builder. */
export function bound(to: RenderTarget, value: unknown): any {
  return to.bind === undefined ? value : to.bind(value);
}

type Eb = ExpressionBuilder<any, any>;

/** A reference as Kysely takes it. */
export function reference(
  to: RenderTarget,
  e: { alias?: string | undefined; name: string; qualified?: boolean | undefined },
): string {
  const schema = e.qualified ? `${to.schema}.` : "";
  return e.alias === undefined
    ? to.name(e.name)
    : `${schema}${to.name(e.alias)}.${to.name(e.name)}`;
}

/** An aggregate function's builder, whichever of them it is. */
function call(eb: Eb, fn: "count" | "sum" | "min" | "max", arg: any): any {
  return fn === "count" ? eb.fn.count(arg) : eb.fn[fn as "max"](arg);
}

const casts: Record<RenderTarget["dialect"], Record<Type, string>> = {
  sqlite: { int: "integer", text: "text", stamp: "text", json: "text" },
  postgres: { int: "integer", text: "text", stamp: "timestamp", json: "json" },
  mysql: { int: "signed", text: "char", stamp: "datetime", json: "json" },
};

export function renderExpr(to: RenderTarget, eb: Eb, e: Expr): Expression<any> {
  const sub = (child: Expr): any => renderExpr(to, eb, child);
  switch (e.e) {
    case "col":
      return eb.ref(reference(to, e));
    case "lit": {
      if (e.inline && typeof e.value === "number") return eb.lit(e.value);
      const type = casts[to.dialect][e.type];
      const value = eb.val(bound(to, e.value));
      if (e.type === "int" && to.dialect === "sqlite") return value;
      return sql`cast(${value} as ${sql.raw(type)})`;
    }
    case "math":
      // Kysely does not parenthesise nested operations by itself.
      return eb.parens(eb(sub(e.left), e.op, sub(e.right)));
    case "coalesce":
      return eb.fn("coalesce", e.args.map(sub));
    case "case":
      return eb.case().when(renderPred(to, eb, e.when)).then(sub(e.then)).else(sub(e.otherwise))
        .end();
    case "scalar":
      return renderSelect(to, eb, e.query);
    case "agg": {
      const base: any = e.arg === undefined ? eb.fn.countAll() : call(eb, e.fn, sub(e.arg));
      const distinct = e.distinct ? base.distinct() : base;
      return e.filter === undefined
        ? distinct
        : distinct.filterWhere((inner: Eb) => renderPred(to, inner, e.filter!));
    }
    case "window": {
      const base: any = e.fn === "count" || e.fn === "sum"
        ? call(eb, e.fn, sub(e.arg!))
        : eb.fn.agg(e.fn, e.arg === undefined ? [] : [sub(e.arg)]);
      return base.over((over: any) => {
        for (const by of e.partition) over = over.partitionBy(sub(by));
        for (const by of e.order) over = over.orderBy(sub(by));
        return over;
      });
    }
    case "raw":
      return sql`${sub(e.left)} + ${sub(e.right)}`;
    case "json": {
      const helpers = to.dialect === "sqlite" ? sqlite : postgres;
      const query = renderSelect(to, eb, e.query);
      return e.many ? helpers.jsonArrayFrom(query) : helpers.jsonObjectFrom(query);
    }
    case "toJson":
      return eb.fn.toJson(to.name(e.alias));
  }
}

export function renderPred(to: RenderTarget, eb: Eb, p: Pred): Expression<any> {
  const sub = (e: Expr): any => renderExpr(to, eb, e);
  switch (p.p) {
    case "cmp":
      return eb(sub(p.left), p.op, sub(p.right));
    case "between":
      return eb.between(sub(p.arg), sub(p.low), sub(p.high));
    case "isNull":
      return eb(sub(p.arg), p.negated ? "is not" : "is", null);
    case "like":
      return eb(sub(p.arg), "like", bound(to, p.pattern));
    case "inList":
      return eb(sub(p.arg), p.negated ? "not in" : "in", bound(to, p.values));
    case "inQuery": {
      const op = p.negated ? "not in" : "in";
      const query = renderSelect(to, eb, p.query);
      return p.args.length === 1
        ? eb(sub(p.args[0]!), op, query)
        : eb((eb.tuple as any)(...p.args.map(sub)), op, query);
    }
    case "quantified": {
      const query = renderSelect(to, eb, p.query);
      return eb(
        sub(p.left),
        p.op,
        p.quantifier === "any" ? eb.fn.any(query) : eb.fn("all", [query]),
      );
    }
    case "exists": {
      const exists = eb.exists(renderSelect(to, eb, p.query));
      return p.negated ? eb.not(exists) : exists;
    }
    case "and":
      return eb.and(p.args.map((arg) => renderPred(to, eb, arg)));
    case "or":
      return eb.or(p.args.map((arg) => renderPred(to, eb, arg)));
    case "not":
      return eb.not(eb.parens(renderPred(to, eb, p.arg)));
    case "rawOr":
      return sql.join(p.args.map((arg) => renderPred(to, eb, arg)), sql` or `);
    case "rawIn":
      return sql`${sub(p.arg)} in ${renderSelect(to, eb, p.query)}`;
  }
}
