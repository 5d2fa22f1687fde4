import { expressionBuilder } from "kysely";
import type { ExpressionBuilder } from "kysely";
import type {
  Assignment,
  Delete,
  Expr,
  Insert,
  Item,
  Merge,
  Pred,
  TableSource,
  Update,
  Write,
} from "./ast.ts";
import { bound, reference, renderExpr, renderPred } from "./render_expr.ts";
import type { RenderTarget } from "./render_expr.ts";
import { tables } from "./schema.ts";
import { renderCtes, renderJoins, renderSelect, renderSource } from "./render_select.ts";

type Eb = ExpressionBuilder<any, any>;

/** A builder of the write, made with the creator given. */
export function renderWrite(to: RenderTarget, creator: any, write: Write): any {
  const maker = write.ctes.length > 0 ? renderCtes(to, creator, write.ctes, false) : creator;
  switch (write.k) {
    case "update":
      return renderUpdate(to, maker, write);
    case "delete":
      return renderDelete(to, maker, write);
    case "insert":
      return renderInsert(to, maker, write);
    case "merge":
      return renderMerge(to, maker, write);
  }
}

function renderUpdate(to: RenderTarget, maker: any, q: Update): any {
  const eb = expressionBuilder<any, any>();
  let qb = maker.updateTable(
    q.targets.length === 1
      ? renderSource(to, eb, q.targets[0]!)
      : q.targets.map((target) => renderSource(to, eb, target)),
  );
  if (q.from.length > 0) qb = qb.from(q.from.map((source) => renderSource(to, eb, source)));
  qb = renderJoins(to, eb, qb, q);
  if (q.set.some((a) => a.alias !== undefined)) {
    for (const a of q.set) qb = qb.set(reference(to, a), value(to, eb, a.expr));
  } else {
    qb = qb.set((b: Eb) => assignments(to, b, q.set));
  }
  return renderTail(to, qb, q);
}

function assignments(
  to: RenderTarget,
  eb: Eb,
  set: readonly Assignment[],
): Record<string, unknown> {
  return Object.fromEntries(
    set.map((a) => [reference(to, a), value(to, eb, a.expr)]),
  );
}

function renderDelete(to: RenderTarget, maker: any, q: Delete): any {
  const eb = expressionBuilder<any, any>();
  const many = q.also.length > 0;
  let qb = many
    ? maker.deleteFrom([q.target.alias ?? q.target.table, ...q.also].map((n) => to.name(n)))
    : maker.deleteFrom(renderSource(to, eb, q.target));
  if (q.using.length > 0) qb = qb.using(q.using.map((source) => renderSource(to, eb, source)));
  qb = renderJoins(to, eb, qb, q);
  return renderTail(to, qb, q);
}

/** What UPDATE and DELETE end with. */
function renderTail(to: RenderTarget, qb: any, q: Update | Delete): any {
  for (const where of q.where) qb = qb.where((b: Eb) => renderPred(to, b, where));
  for (const { by, desc } of q.order) {
    if (typeof by !== "string") {
      qb = qb.orderBy((b: Eb) => renderExpr(to, b, by), desc ? "desc" : "asc");
    }
  }
  if (q.limit !== undefined) qb = qb.limit(bound(to, q.limit));
  return renderReturning(to, qb, q);
}

function renderReturning(
  to: RenderTarget,
  qb: any,
  { returning: items, returningAll }: {
    returning: readonly Item[];
    returningAll?: boolean | undefined;
  },
): any {
  if (returningAll) return qb.returningAll();
  if (items.length === 0) return qb;
  return qb.returning((b: Eb) =>
    // An aliased expression of any kind.
    items.map((item) => (renderExpr(to, b, item.expr) as any).as(to.name(item.as)))
  );
}

function renderInsert(to: RenderTarget, maker: any, q: Insert): any {
  const eb = expressionBuilder<any, any>();
  const table = renderSource(to, eb, q.table);
  const names = q.columns.map((c) => to.name(c));
  let qb = (q.conflict?.how === "replace" && to.dialect === "mysql")
    ? maker.replaceInto(table)
    : maker.insertInto(table);
  if (q.conflict?.how === "replace" && to.dialect === "sqlite") qb = qb.orReplace();
  if (q.conflict?.how === "ignore") qb = to.dialect === "mysql" ? qb.ignore() : qb.orIgnore();
  if (q.query) {
    const { query } = q;
    qb = qb.columns(names).expression(
      query.via === "handle"
        ? renderSelect(to, undefined, query)
        : (b: Eb) => renderSelect(to, b, query),
    );
  } else {
    const rows = q.rows.filter((row) => !standsInTheWay(to, q, row));
    qb = rows.length === 0
      // Nothing is left of it, and an INSERT of no rows has no other form.
      ? qb.columns(names).expression((b: any) =>
        b.selectFrom(table).select(names).where(b.lit(false))
      )
      : qb.values(
        rows.map((row) => Object.fromEntries(names.map((n, i) => [n, value(to, eb, row[i]!)]))),
      );
  }
  const { conflict } = q;
  if (conflict?.how === "nothing") {
    qb = qb.onConflict((oc: any) => oc.column(to.name("id")).doNothing());
  }
  if (conflict?.how === "update") {
    qb = qb.onConflict((oc: any) => {
      let update = oc.column(to.name("id"))
        .doUpdateSet((b: Eb) => assignments(to, b, conflict.set));
      for (const where of conflict.where) {
        update = update.where((b: Eb) => renderPred(to, b, where));
      }
      return update;
    });
  }
  if (conflict?.how === "duplicate") {
    qb = qb.onDuplicateKeyUpdate((b: Eb) => assignments(to, b, conflict.set));
  }
  return renderReturning(to, qb, q);
}

/** A plain value where the expression is one, so that rows are written as applications do. */
function value(to: RenderTarget, eb: Eb, e: Expr): unknown {
  return e.e === "lit" ? bound(to, e.value) : renderExpr(to, eb, e);
}

function standsInTheWay(to: RenderTarget, q: Insert, row: readonly Expr[]): boolean {
  if (!to.visibleOnly || !q.conflict) return false;
  const id = row[q.columns.indexOf("id")];
  return id?.e === "lit" && to.hidden(q.table.table).has(id.value as number);
}

function renderMerge(to: RenderTarget, maker: any, q: Merge): any {
  const eb = expressionBuilder<any, any>();
  const target: TableSource = q.target;
  let qb = maker.mergeInto(renderSource(to, eb, target))
    .using(renderSource(to, eb, q.source), (join: any) => {
      const id = `${to.name(target.alias ?? target.table)}.${to.name("id")}`;
      join = join.on((b: Eb) => b(b.ref(id), "=", renderExpr(to, b, q.key)));
      for (const on of q.on) join = join.on((b: Eb) => renderPred(to, b, on));
      return join;
    });
  for (const when of q.whens) {
    const method = {
      matched: "whenMatched",
      notMatched: "whenNotMatched",
      notMatchedBySource: "whenNotMatchedBySource",
    }[when.on];
    const conditions: Pred[] = [...when.and];
    // A row of a hidden row's key would be a second one of its key, which no rewriting can allow.
    const hidden = to.hidden(target.table);
    const keyed = tables.some((t) => t.name === target.table && t.keyed);
    if (when.on === "notMatched" && keyed && hidden.size > 0) {
      conditions.push({
        p: "or",
        args: [
          { p: "isNull", negated: false, arg: q.key },
          { p: "inList", negated: true, arg: q.key, values: [...hidden] },
        ],
      });
    }
    const then = conditions.length === 0 ? qb[method]() : qb[`${method}And`](
      (b: Eb) =>
        conditions.length === 1
          ? renderPred(to, b, conditions[0]!)
          : b.and(conditions.map((c) => b.parens(renderPred(to, b, c)))),
    );
    qb = renderThen(to, then, when.then);
  }
  return renderReturning(to, qb, q);
}

function renderThen(to: RenderTarget, then: any, action: Merge["whens"][number]["then"]): any {
  switch (action.how) {
    case "delete":
      return then.thenDelete();
    case "nothing":
      return then.thenDoNothing();
    case "update":
      return then.thenUpdateSet((b: Eb) => assignments(to, b, action.set));
    case "insert":
      return then.thenInsertValues((b: Eb) =>
        Object.fromEntries(
          action.columns.map((c, i) => [to.name(c), renderExpr(to, b, action.values[i]!)]),
        )
      );
  }
}
