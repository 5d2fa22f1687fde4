import type {
  Assignment,
  Delete,
  Expr,
  Insert,
  Item,
  Merge,
  Select,
  TableSource,
  Update,
  Write,
} from "./ast.ts";
import type { Scope, Visible } from "./generate_expr.ts";
import { column, expr, literal, pred, preds, probe } from "./generate_expr.ts";
import {
  emptySelect,
  generateCtes,
  generateSelect,
  generateSources,
  tableSource,
} from "./generate_select.ts";
import { columns, filteredNames, tables } from "./schema.ts";

const settable = ["team_id", "score", "name"] as const;

/** A random INSERT, UPDATE, DELETE or MERGE. */
export function generateWrite(scope: Scope): Write {
  const { draw, can } = scope;
  return draw.weighted<Write>([
    [4, () => generateUpdate(scope)],
    [4, () => generateDelete(scope)],
    [4, () => generateInsert(scope)],
    ...(can.merge ? [[3, () => generateMerge(scope)]] as [number, () => Write][] : []),
  ]);
}

/** The table that is written: mostly one that has hidden rows. */
function target(
  scope: Scope,
  used: Set<string>,
  alias: boolean,
  only: readonly string[] = tables.map((t) => t.name),
): { source: TableSource; visible: Visible } {
  const { draw } = scope;
  const filtered = only.filter((name) => filteredNames.includes(name));
  const chosen = draw.pick(filtered.length > 0 && draw.percent(80) ? filtered : only);
  const made = tableSource(scope, used, [chosen]);
  // A CTE never stands for the target, so it needs no schema to be told from one.
  const { style } = made.source;
  made.source.style = style === "upper" || (style === "qualified" && draw.percent(50))
    ? style
    : "plain";
  if (!alias) {
    delete made.source.alias;
    used.add(chosen);
    made.visible = { ...made.visible, alias: chosen, qualifiable: true };
  }
  return made;
}

function writeCtes(scope: Scope, write: { ctes: Write["ctes"] }): Scope {
  if (!scope.can.writeCtes || !scope.draw.percent(15)) return scope;
  return generateCtes({ ...scope, depth: 1 }, write);
}

function assignments(scope: Scope, alias: string | undefined): Assignment[] {
  const { draw } = scope;
  const out: Assignment[] = draw.some(settable, draw.int(1, 2)).map((name) => ({
    alias,
    name,
    expr: name !== "name" && scope.depth > 0 && draw.percent(30)
      ? probe(scope)
      : expr({ ...scope, bare: false }, name === "name" ? "text" : "int", 1),
  }));
  return out;
}

function returning(scope: Scope, kind: "insert" | "update" | "delete"): Item[] {
  const { draw, can } = scope;
  if (!can.returning.includes(kind) || !draw.percent(40)) return [];
  const depth = can.returningSubquery ? scope.depth : 0;
  // SQLite knows the target's columns there by no alias.
  const bare = can.dialect === "sqlite";
  const own = bare ? undefined : scope.local[0]!.alias;
  return [
    { as: "c0", expr: { e: "col", alias: own, name: "id" } },
    {
      as: "c1",
      expr: bare
        ? { e: "col", name: draw.pick(["score", "team_id", "id"]) }
        : expr({ ...scope, depth, bare: false }, "int", 1),
    },
  ];
}

/** The scope in which a statement that changes a table is free of what other rows become. */
function only(scope: Scope, visible: Visible): Scope {
  return { ...scope, local: [visible], bare: false };
}

function generateUpdate(scope: Scope): Update {
  const { draw, can } = scope;
  const out: Update = {
    k: "update",
    ctes: [],
    targets: [],
    set: [],
    from: [],
    joins: [],
    where: [],
    returning: [],
    order: [],
  };
  let inside = writeCtes(scope, out);
  const used = new Set<string>();
  const { source, visible } = target(inside, used, can.updateAlias && draw.percent(40));
  out.targets = [source];
  inside = only(inside, visible);
  // What is set depends on the row itself and on subqueries, never on which of several partners of
  // a joined row comes first.
  if (can.updateMany && draw.percent(30)) {
    const other = tableSource(inside, used);
    out.targets.push(other.source);
    const both = { ...inside, local: [visible, other.visible], depth: 0 };
    // MariaDB changes rows while it still looks for partners: what is set must not be looked at.
    out.set = [visible, ...(draw.percent(30) ? [other.visible] : [])].map((of) => ({
      alias: of.alias,
      name: "name",
      expr: literal(inside, "text"),
    }));
    out.where = [
      {
        p: "cmp",
        op: "=",
        left: { e: "col", alias: visible.alias, name: draw.pick(["id", "team_id"]) },
        right: { e: "col", alias: other.visible.alias, name: draw.pick(["id", "score"]) },
      },
      ...preds(both, 40).filter((p) => !JSON.stringify(p).includes('"name":"name"')),
    ];
    return out;
  }
  const joined = can.updateFrom && draw.percent(30);
  if (joined) {
    const sources = freshSources(inside, used);
    out.from = sources.from;
    out.joins = sources.joins;
    const all = { ...inside, local: [visible, ...sources.scope.local] };
    out.where = [pred(all), ...preds(all, 40)];
  } else {
    out.where = preds({ ...inside, bare: true }, 65);
  }
  out.set = assignments(inside, undefined);
  // SQLite reads the rows it has changed so far: a subquery would see fewer and fewer of them.
  const readsChanges = can.dialect === "sqlite" && /"k":"select"/.test(JSON.stringify(out.set));
  const touchesDeletion = !joined && draw.percent(8) && !readsChanges;
  if (touchesDeletion) {
    out.set.push({ name: "deleted_at", expr: literal(inside, "stamp") });
  } else {
    out.returning = returning(inside, "update");
    // Of a row that is joined with several, `*` would show any of these.
    if (!joined && out.returning.length > 0 && draw.percent(30)) out.returningAll = true;
  }
  if (can.writeLimit && draw.percent(25)) {
    out.order = totalOrder(visible);
    out.limit = draw.int(0, 3);
  }
  return out;
}

/** The joins that Kysely's builders of UPDATE and DELETE have on every dialect. */
const kinds = ["inner", "left", "right"] as const;

/** FROM and joins whose aliases differ from those in use. */
function freshSources(
  scope: Scope,
  used: Set<string>,
): Pick<Select, "from" | "joins"> & { scope: Scope } {
  for (;;) {
    const select: Pick<Select, "from" | "joins"> = { from: [], joins: [] };
    const free: Scope = { ...scope, local: [], outer: undefined, depth: 1 };
    const inside = generateSources(free, select, kinds);
    if (inside.local.every((v) => !used.has(v.alias))) {
      return { ...select, scope: inside };
    }
  }
}

function totalOrder(visible: Visible): Update["order"] {
  return visible.columns.map((c) => ({
    by: { e: "col", alias: visible.alias, name: c.name },
    desc: false,
  }));
}

function generateDelete(scope: Scope): Delete {
  const { draw, can } = scope;
  const out: Delete = {
    k: "delete",
    ctes: [],
    target: { s: "table", table: "users", style: "plain" },
    also: [],
    using: [],
    joins: [],
    where: [],
    returning: [],
    order: [],
  };
  let inside = writeCtes(scope, out);
  const used = new Set<string>();
  const using = can.deleteUsing && draw.percent(40);
  if (using && can.dialect === "mysql") {
    // MySQL names its targets by the aliases of USING.
    const first = tableSource(inside, used);
    first.source.style = "plain";
    const second = tableSource(inside, used);
    second.source.style = "plain";
    const alias = first.visible.alias;
    out.target = { s: "table", table: alias, style: "plain" };
    out.using = [first.source];
    const both = { ...inside, local: [first.visible, second.visible], depth: 0, bare: false };
    out.joins = [{
      kind: draw.pick(["inner", "left"] as const),
      source: second.source,
      on: [{
        p: "cmp",
        op: "=",
        left: { e: "col", alias, name: draw.pick(["id", "team_id"]) },
        right: { e: "col", alias: second.visible.alias, name: draw.pick(["id", "score"]) },
      }],
    }];
    if (can.deleteMany && draw.percent(40)) out.also = [second.visible.alias];
    out.where = preds(both, 60);
    return out;
  }
  const { source, visible } = target(inside, used, can.deleteAlias && draw.percent(40));
  out.target = source;
  inside = only(inside, visible);
  if (using) {
    const sources = freshSources(inside, used);
    out.using = sources.from;
    out.joins = sources.joins;
    const all = { ...inside, local: [visible, ...sources.scope.local] };
    out.where = [pred(all), ...preds(all, 40)];
  } else {
    out.where = preds({ ...inside, bare: true }, 70);
    if (can.writeLimit && draw.percent(25)) {
      out.order = totalOrder(visible);
      out.limit = draw.int(0, 3);
    }
  }
  if (out.limit === undefined) out.returning = returning(inside, "delete");
  return out;
}

function generateInsert(scope: Scope): Insert {
  const { draw } = scope;
  const out: Insert = {
    k: "insert",
    ctes: [],
    table: { s: "table", table: "users", style: "plain" },
    columns: ["id", ...draw.some(settable, draw.int(1, 3))],
    rows: [],
    returning: [],
  };
  const inside = writeCtes(scope, out);
  const fromQuery = draw.percent(40);
  const usable = tables.filter((t) => !fromQuery || !t.keyed).map((t) => t.name);
  const { source, visible } = target(inside, new Set(), false, usable);
  out.table = source;
  const outputs = out.columns.map((name) => columns.find((c) => c.name === name)!);
  if (fromQuery) {
    out.query = generateSelect({ ...inside, local: [], outer: undefined, depth: 1 }, {
      outputs: outputs.map((c, i) => ({ name: `c${i}`, type: c.type })),
      limit: true,
    }).select;
  } else {
    const conflicting = tables.find((t) => t.name === source.table)!.keyed && draw.percent(60);
    const ids = draw.some(Array.from({ length: 14 }, (_, i) => i + 1), draw.int(1, 4));
    // MariaDB reads the rows it has just written, or not, as its plan for a subquery will have it.
    const one = inside.can.dialect === "mysql" && draw.percent(50);
    const literalOnly = inside.can.dialect === "mysql" && !one;
    out.rows = (one ? ids.slice(0, 1) : ids).map((id) =>
      outputs.map((c): Expr =>
        c.name === "id"
          ? { e: "lit", value: conflicting ? id : id + 100, type: "int", inline: false }
          : literalOnly || draw.percent(85)
          ? literal(inside, c.type)
          : expr({ ...inside, local: [], outer: undefined, depth: 1 }, c.type, 1)
      )
    );
    if (conflicting) out.conflict = conflict(inside, visible);
  }
  out.returning = out.conflict?.how === "replace" || out.conflict?.how === "duplicate"
    ? []
    : returning({ ...inside, local: [visible], depth: 0 }, "insert");
  if (out.returning.length > 0 && draw.percent(30)) out.returningAll = true;
  return out;
}

function conflict(scope: Scope, own: Visible): Insert["conflict"] {
  const { draw, can } = scope;
  const both: Scope = {
    ...scope,
    local: [own, { alias: "excluded", columns }],
    outer: undefined,
    bare: false,
    depth: 1,
  };
  if (can.onDuplicate) {
    return draw.weighted<Insert["conflict"]>([
      [2, () => ({ how: "duplicate", set: assignments({ ...both, local: [own] }, undefined) })],
      [1, () => ({ how: "ignore" })],
      [1, () => ({ how: "replace" })],
    ]);
  }
  return draw.weighted<Insert["conflict"]>([
    [4, () => ({
      how: "update",
      set: assignments(both, undefined),
      where: preds({ ...both, bare: false }, 40),
    })],
    [2, () => ({ how: "nothing" })],
    ...(can.orReplace
      ? [[1, () => ({ how: draw.pick(["replace", "ignore"] as const) })]] as [
        number,
        () => Insert["conflict"],
      ][]
      : []),
  ]);
}

/** One source row for each key: a target row may be changed once only. */
function mergeSource(scope: Scope, merge: Merge): Visible {
  const { draw } = scope;
  const outside: Scope = { ...scope, local: [], outer: undefined };
  if (draw.percent(40)) {
    const keyed = tables.filter((t) => t.keyed).map((t) => t.name);
    const { source, visible } = tableSource(outside, new Set(keyed), keyed);
    source.alias = "src";
    merge.source = source;
    return { ...visible, alias: "src" };
  }
  const from = tableSource(outside, new Set());
  const { alias } = from.visible;
  const key: Expr = { e: "col", alias, name: draw.pick(["id", "team_id", "score"]) };
  const score: Expr = { e: "col", alias, name: "score" };
  merge.source = {
    s: "query",
    alias: "src",
    query: {
      ...emptySelect(),
      via: draw.percent(50) ? "handle" : "callback",
      from: [from.source],
      where: preds({ ...outside, local: [from.visible], depth: 1 }, 40),
      group: [key],
      items: [
        { as: "id", expr: key },
        { as: "c1", expr: { e: "agg", fn: "max", distinct: false, arg: score } },
      ],
    },
  };
  return { alias: "src", columns: [{ name: "id", type: "int" }, { name: "c1", type: "int" }] };
}

function generateMerge(scope: Scope): Merge {
  const { draw, can } = scope;
  const out: Merge = {
    k: "merge",
    ctes: [],
    target: { s: "table", table: "users", style: "plain" },
    source: { s: "table", table: "users", style: "plain" },
    key: { e: "col", alias: "src", name: "id" },
    on: [],
    whens: [],
    returning: [],
  };
  let inside = writeCtes(scope, out);
  const used = new Set(["src"]);
  const { source, visible } = target(inside, used, draw.percent(50));
  out.target = source;
  inside = only(inside, visible);
  const src = mergeSource(inside, out);
  const both: Scope = { ...inside, local: [visible, src], depth: draw.percent(70) ? 1 : 0 };
  if (!tables.some((t) => t.name === source.table && t.keyed)) out.on = preds(both, 30, 1);
  if (draw.percent(80)) {
    out.whens.push({
      on: "matched",
      and: preds(both, 40, 1),
      then: draw.weighted<Merge["whens"][number]["then"]>([
        [3, () => ({ how: "update", set: assignments(both, undefined) })],
        [2, () => ({ how: "delete" })],
        [1, () => ({ how: "nothing" })],
      ]),
    });
  }
  if (draw.percent(60) || out.whens.length === 0) {
    const sourceOnly: Scope = { ...both, local: [src] };
    out.whens.push({
      on: "notMatched",
      and: [
        { p: "isNull", negated: true, arg: { e: "col", alias: "src", name: "id" } },
        ...preds(sourceOnly, 30, 1),
      ],
      then: {
        how: "insert",
        columns: ["id", "score"],
        values: [{ e: "col", alias: "src", name: "id" }, column(sourceOnly, "int")],
      },
    });
  }
  if (can.merge17 && draw.percent(40)) {
    const targetOnly: Scope = { ...both, local: [visible] };
    out.whens.push({
      on: "notMatchedBySource",
      and: preds(targetOnly, 40, 1),
      then: draw.percent(50)
        ? { how: "delete" }
        : { how: "update", set: assignments(targetOnly, undefined) },
    });
  }
  if (can.merge17 && draw.percent(30)) {
    out.returning = [
      { as: "c0", expr: { e: "col", alias: visible.alias, name: "id" } },
      { as: "c1", expr: { e: "col", alias: visible.alias, name: "score" } },
    ];
  }
  return out;
}
