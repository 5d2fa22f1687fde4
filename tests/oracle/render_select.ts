import { expressionBuilder, sql } from "kysely";
import type { ExpressionBuilder } from "kysely";
import type { Cte, Pred, Select, Source } from "./ast.ts";
import { bound, reference, renderExpr, renderPred } from "./render_expr.ts";
import type { RenderTarget } from "./render_expr.ts";
import { renderStatement } from "./render.ts";

// Builders of generated queries have no static types: all of them are `any` here.
type Eb = ExpressionBuilder<any, any>;

/** A builder of the SELECT, made with the handle or with the callback's builder. */
export function renderSelect(to: RenderTarget, eb: Eb | undefined, q: Select): any {
  let maker: any = q.via === "callback" && eb !== undefined ? eb : to.db;
  if (q.ctes.length > 0) maker = renderCtes(to, to.db, q.ctes, q.recursive);
  const inner = eb ?? expressionBuilder<any, any>();
  let qb = q.from.length === 0 ? withoutFrom(maker === eb ? to.db : maker) : maker.selectFrom(
    q.from.length === 1
      ? renderSource(to, inner, q.from[0]!)
      : q.from.map((source) => renderSource(to, inner, source)),
  );
  qb = renderJoins(to, inner, qb, q);
  const step = typeof q.level === "object" ? q.level : undefined;
  if (step) qb = qb.where(`${to.name(step.of)}.lvl`, "<", step.below);
  for (const where of q.where) {
    // A raw OR must not set the recursion free.
    qb = qb.where((b: Eb) => step ? b.parens(renderPred(to, b, where)) : renderPred(to, b, where));
  }
  for (const by of q.group) qb = qb.groupBy((b: Eb) => renderExpr(to, b, by));
  for (const having of q.having) qb = qb.having((b: Eb) => renderPred(to, b, having));
  if (q.distinctOn.length > 0) {
    qb = qb.distinctOn(q.distinctOn.map((by) => (b: Eb) => renderExpr(to, b, by)));
  }
  if (q.distinct) qb = qb.distinct();
  if (q.all) qb = q.all.alias === undefined ? qb.selectAll() : qb.selectAll(to.name(q.all.alias));
  else {
    qb = qb.select((b: Eb) =>
      // Aliased, or a `json` that is only known as an expression.
      q.items.map((item) => (renderExpr(to, b, item.expr) as any).as(to.name(item.as)))
    );
  }
  if (q.level === "anchor") qb = qb.select((b: Eb) => b.lit(0).as("lvl"));
  if (step) {
    qb = qb.select((b: Eb) => b(`${to.name(step.of)}.lvl`, "+", b.lit(1)).as("lvl"));
  }
  for (const { op, all, parens, arm } of q.sets) {
    const method = `${op}${all ? "All" : ""}`;
    qb = arm.via === "handle" && !parens
      ? qb[method](renderSelect(to, undefined, arm))
      : qb[method]((b: Eb) => {
        const rendered = renderSelect(to, b, arm);
        return parens ? b.parens(rendered) : rendered;
      });
  }
  for (const { by, desc } of q.order) {
    const direction = desc ? "desc" : "asc";
    qb = typeof by === "string"
      ? qb.orderBy(to.name(by), direction)
      : qb.orderBy((b: Eb) => renderExpr(to, b, by), direction);
  }
  if (q.limit !== undefined) qb = qb.limit(bound(to, q.limit));
  if (q.limitBy) qb = qb.limit((b: Eb) => renderSelect(to, b, q.limitBy!));
  if (q.fetch !== undefined) qb = qb.fetch(q.fetch);
  if (q.offset !== undefined) qb = qb.offset(bound(to, q.offset));
  if (q.lock) {
    qb = q.lock.of === undefined ? qb[q.lock.mode]() : qb[q.lock.mode](to.name(q.lock.of));
  }
  return qb;
}

/** A SELECT without FROM has at least one item; the block's own items follow. */
function withoutFrom(maker: any): any {
  return maker.selectNoFrom(sql`0`.as("nothing")).clearSelect();
}

/** `with ..` on a query creator; the bodies come from the callback or from the handle. */
export function renderCtes(to: RenderTarget, creator: any, ctes: Cte[], recursive: boolean): any {
  for (const cte of ctes) {
    const head = to.name(cte.name) +
      (cte.columns ? `(${cte.columns.map((c) => to.name(c)).join(", ")})` : "");
    const name = cte.materialized === undefined
      ? head
      : (b: any) => cte.materialized ? b(head).materialized() : b(head).notMaterialized();
    const body = (own: any) => {
      const callback = cte.body.k !== "select" || cte.body.via === "callback";
      return renderStatement(to, callback ? own : undefined, cte.body);
    };
    creator = recursive ? creator.withRecursive(name, body) : creator.with(name, body);
  }
  return creator;
}

export function renderSource(to: RenderTarget, eb: Eb, source: Source): any {
  switch (source.s) {
    case "table": {
      const table = to.name(source.table);
      const alias = source.alias === undefined ? undefined : to.name(source.alias);
      if (source.style === "sqlTable") return sql.table(table).as(alias ?? table);
      if (source.style === "dynamic") return to.db.dynamic.table(table).as(alias ?? table);
      // A camel case name would be another one in upper case.
      if (source.style === "upper" && table === source.table) {
        const upper = table.toUpperCase();
        return alias === undefined ? upper : `${upper} as ${alias}`;
      }
      const name = source.style === "qualified" ? `${to.schema}.${table}` : table;
      return alias === undefined ? name : `${name} as ${alias}`;
    }
    case "cte":
      return source.alias === undefined
        ? to.name(source.name)
        : `${to.name(source.name)} as ${to.name(source.alias)}`;
    case "query": {
      const alias = to.name(source.alias);
      if (source.query.via === "handle") return renderSelect(to, undefined, source.query).as(alias);
      return (own: Eb) => renderSelect(to, own ?? eb, source.query).as(alias);
    }
    case "rows": {
      const rows = source.values.map((value) => sql`select ${sql.lit(value)} as n`);
      return sql`(${sql.join(rows, sql` union all `)})`.as(to.name(source.alias));
    }
  }
}

const joinMethods = {
  inner: "innerJoin",
  left: "leftJoin",
  right: "rightJoin",
  full: "fullJoin",
  cross: "crossJoin",
  innerLateral: "innerJoinLateral",
  leftLateral: "leftJoinLateral",
  crossLateral: "crossJoinLateral",
} as const;

export function renderJoins(to: RenderTarget, eb: Eb, qb: any, q: Pick<Select, "joins">): any {
  for (const { kind, source, on } of q.joins) {
    const rendered = renderSource(to, eb, source);
    const method = joinMethods[kind];
    if (kind === "cross" || kind === "crossLateral") {
      qb = qb[method](rendered);
      continue;
    }
    const columns = on.length === 1 ? columnPair(to, on[0]!) : undefined;
    qb = columns ? qb[method](rendered, ...columns) : qb[method](rendered, (join: any) => {
      if (on.length === 0) return join.onTrue();
      for (const condition of on) join = join.on((b: Eb) => renderPred(to, b, condition));
      return join;
    });
  }
  return qb;
}

/** The two columns of a plain equality, as the short form of a join takes them. */
function columnPair(to: RenderTarget, p: Pred): [string, string] | undefined {
  return p.p === "cmp" && p.op === "=" && p.left.e === "col" && p.right.e === "col"
    ? [reference(to, p.left), reference(to, p.right)]
    : undefined;
}
