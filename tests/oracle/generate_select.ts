import type {
  Column,
  Cte,
  Expr,
  Item,
  Join,
  JoinKind,
  Order,
  Select,
  SetArm,
  Source,
  TableSource,
  Type,
} from "./ast.ts";
import {
  aggregate,
  expr,
  inner,
  literal,
  pred,
  preds,
  probe,
  visibleColumns,
  windowed,
} from "./generate_expr.ts";
import type { CteInfo, Scope, Visible } from "./generate_expr.ts";
import { columns as tableColumns, tables } from "./schema.ts";

export interface SelectOptions {
  /** The columns that must come out; free without it. */
  outputs?: readonly Column[];
  /** At most one row. */
  oneRow?: boolean;
  limit?: boolean;
  sets?: boolean;
  ctes?: boolean;
  lock?: boolean;
  /** Items that only a result takes, such as JSON. */
  root?: boolean;
  /** An arm of a set operation without parentheses. */
  arm?: boolean;
  /** The subquery of a lateral join, which sees the sources before it. */
  plain?: boolean;
}

export interface Generated {
  select: Select;
  columns: readonly Column[];
}

/** A SELECT of nothing from nowhere, to be filled. */
export function emptySelect(): Select {
  return {
    k: "select",
    via: "callback",
    recursive: false,
    ctes: [],
    from: [],
    joins: [],
    where: [],
    group: [],
    having: [],
    items: [],
    distinct: false,
    distinctOn: [],
    order: [],
    total: false,
    sets: [],
  };
}

/** A random SELECT. */
export function generateSelect(scope: Scope, options: SelectOptions = {}): Generated {
  const { draw, can } = scope;
  const select: Select = {
    ...emptySelect(),
    via: draw.percent(50) ? "handle" : "callback",
  };
  let inside = scope;
  const nestedCtes = scope.depth > 0 && scope.outer !== undefined && !options.arm &&
    draw.percent(6);
  if ((options.ctes ?? false) || nestedCtes) {
    inside = generateCtes(scope, select);
  }
  inside = generateSources(inside, select, undefined, !options.plain);
  const { local } = inside;
  // MySQL has no WHERE without FROM.
  select.where = local.length === 0 && can.dialect === "mysql" ? [] : preds(inside, 50);

  const aggregated = options.oneRow === true && draw.percent(60);
  const grouped = !aggregated && !options.plain && local.length > 0 && draw.percent(15);
  const outputs = options.outputs;
  const soleTable = select.from.length === 1 && select.joins.length === 0 &&
    select.from[0]!.s === "table";
  const starred = outputs === undefined && !grouped && !aggregated && local.length > 0;
  if (starred && draw.percent(25)) {
    select.all = soleTable && draw.percent(50) ? {} : { alias: draw.pick(local).alias };
  }
  const columns = select.all
    ? (select.all.alias === undefined
      ? local[0]!
      : local.find((v) => v.alias === select.all!.alias)!).columns
    : outputs ?? freeOutputs(inside);

  if (select.all === undefined) {
    if (aggregated) select.items = columns.map((c) => aggregateItem(inside, c));
    else if (grouped) groupBlock(inside, select, columns);
    else {
      select.items = columns.map((c) => ({
        as: c.name,
        expr: c.type === "int" && scope.windows && draw.percent(8)
          ? windowed({ ...inside, bare: false })
          : expr({ ...inside, bare: false }, c.type),
      }));
      if (options.root && can.jsonHelpers && scope.depth > 0 && draw.percent(15)) {
        select.items.push({ as: "j0", expr: jsonItem(inside) });
        if (draw.percent(70)) return { select, columns };
      }
    }
  }
  if (select.items.some((item) => item.expr.e === "json" || item.expr.e === "toJson")) {
    return { select, columns };
  }

  const lockable = options.lock && can.lock && local.length > 0 && !grouped && !aggregated &&
    select.joins.every((j) => j.kind === "inner" || j.kind === "cross") &&
    select.from.every((s) => s.s === "table") &&
    select.joins.every((j) => j.source.s === "table") &&
    !select.items.some((item) => item.expr.e === "window");
  if (lockable && draw.percent(15)) {
    const of = can.dialect === "postgres" && draw.percent(40) ? draw.pick(local).alias : undefined;
    select.lock = { mode: can.dialect === "postgres" ? "forShare" : "forUpdate", of };
    if (draw.percent(60)) select.lock.mode = "forUpdate";
  }

  const typed = columns.every((c) => c.type !== "json");
  if (!select.lock && !select.all && !aggregated && draw.percent(12)) select.distinct = true;
  const distinctOn = can.distinctOn && !select.lock && !select.distinct && !grouped &&
    !aggregated && draw.percent(8);
  if (distinctOn) {
    const own = visibleColumns(inside, "int", true);
    if (own.length > 0) {
      select.distinctOn = [scope.depth > 0 && draw.percent(40) ? probe(inside) : draw.pick(own)];
    }
  }
  if (
    options.sets && scope.depth > 0 && typed && !select.lock && select.distinctOn.length === 0 &&
    !options.oneRow && draw.percent(20)
  ) {
    if (select.all) {
      const { alias } = select.all;
      delete select.all;
      select.items = columns.map((c) => ({
        as: c.name,
        expr: { e: "col", alias: alias ?? local[0]!.alias, name: c.name },
      }));
    }
    select.sets = generateSets(scope, columns, true);
  }

  const ordered = select.distinctOn.length > 0 || (!aggregated && options.oneRow === true) ||
    draw.percent(options.root ? 35 : options.limit ? 25 : 0);
  if (ordered) {
    const leading: Order[] = select.distinctOn.map((by) => ({ by, desc: false }));
    if (
      !grouped && !aggregated && !select.distinct && select.sets.length === 0 &&
      draw.percent(30)
    ) {
      leading.push({
        by: draw.percent(50) && scope.depth > 0
          ? probe(inside)
          : expr({ ...inside, bare: false }, "int", 1),
        desc: draw.percent(50),
      });
    }
    // A constant in ORDER BY is a column number to the database.
    select.order = leading.filter((o) => typeof o.by === "string" || !isConstant(o.by));
    const sole = local.length === 1 || select.all === undefined;
    select.order.push(...columns.map((c) => ({
      by: sole ? c.name : { e: "col", alias: select.all!.alias, name: c.name } as const,
      desc: draw.percent(40),
    })));
    select.total = true;
    if (options.oneRow && !aggregated) select.limit = 1;
    else if ((options.root || options.limit) && draw.percent(60)) {
      if (can.limitSubquery && scope.depth > 0 && draw.percent(30)) {
        // Seen from there, no row of the block is at hand.
        const limit = probe({ ...scope, local: [], outer: undefined });
        if (limit.e === "scalar") select.limitBy = { ...limit.query, items: [countOfAll] };
      } else if (can.dialect === "postgres" && draw.percent(25)) select.fetch = draw.int(0, 4);
      else select.limit = draw.int(0, 4);
      if (draw.percent(40)) select.offset = draw.int(0, 2);
    }
  }
  return { select, columns };
}

const countOfAll: Item = { as: "c0", expr: { e: "agg", fn: "count", distinct: false } };

function isConstant(e: Expr): boolean {
  return !/"e":"col"|"k":"select"/.test(JSON.stringify(e));
}

function freeOutputs(scope: Scope): Column[] {
  const { draw } = scope;
  return Array.from({ length: draw.int(1, 3) }, (_, i) => ({
    name: `c${i}`,
    type: draw.pick(["int", "int", "text", "stamp"] as Type[]),
  }));
}

function aggregateItem(scope: Scope, output: Column): Item {
  if (output.type === "int") return { as: output.name, expr: aggregate(scope) };
  const own = visibleColumns(scope, output.type, true);
  const arg = own.length > 0 ? scope.draw.pick(own) : literal(scope, output.type);
  return { as: output.name, expr: { e: "agg", fn: "max", arg, distinct: false } };
}

/** Makes the block a grouped one. */
function groupBlock(scope: Scope, select: Select, outputs: readonly Column[]): void {
  const { draw } = scope;
  const keys = (["int", "text", "stamp"] as const).flatMap((type) =>
    visibleColumns(scope, type, true).map((by) => ({ by, type }))
  );
  // By a subquery alone, so that nothing else keeps the groups apart.
  const probing = scope.depth > 0 && draw.percent(25);
  const groups = probing && draw.percent(60) ? [] : draw.some(keys, draw.int(1, 2));
  select.group = groups.map((g) => g.by);
  select.items = outputs.map((output) => {
    const same = groups.filter((g) => g.type === output.type);
    return same.length > 0 && draw.percent(60)
      ? { as: output.name, expr: draw.pick(same).by }
      : aggregateItem(scope, output);
  });
  if (probing) select.group.push(probe(scope));
  if (draw.percent(40)) {
    // Subqueries of HAVING see only what lies outside the block: the rest is grouped away.
    const outside: Scope = { ...scope, local: [], outer: undefined, bare: false };
    select.having = draw.percent(60)
      ? [{
        p: "cmp",
        op: draw.pick([">", "<", "=", ">="] as const),
        left: aggregate(scope),
        right: draw.percent(50) || scope.depth === 0 ? literal(scope, "int") : probe(outside),
      }]
      : [{
        p: "rawOr",
        args: [
          { p: "cmp", op: ">", left: aggregate(scope), right: literal(scope, "int") },
          pred(outside, 1),
        ],
      }];
  }
}

function jsonItem(scope: Scope): Expr {
  const { draw } = scope;
  if (scope.can.dialect === "postgres" && scope.local.length > 0 && draw.percent(25)) {
    return { e: "toJson", alias: draw.pick(scope.local).alias };
  }
  const many = draw.percent(70);
  const query = generateSelect(inner(scope), {
    outputs: freeOutputs(scope),
    oneRow: !many,
    limit: many,
    plain: true,
  }).select;
  return { e: "json", many, query };
}

/** The arms of a set operation with the given columns. */
function generateSets(scope: Scope, outputs: readonly Column[], nested: boolean): SetArm[] {
  const { draw, can } = scope;
  return Array.from({ length: draw.int(1, 2) }, () => {
    const op = draw.pick(["union", "union", "intersect", "except"] as const);
    const parens = can.setParens && draw.percent(40);
    const { select } = generateSelect({ ...scope, depth: scope.depth - 1 }, {
      outputs,
      limit: parens && can.limitInIn,
      arm: !parens,
    });
    if (!parens) {
      select.order = [];
      select.distinctOn = [];
      delete select.limit;
      delete select.offset;
      delete select.fetch;
    }
    if (nested && scope.depth > 1 && select.order.length === 0 && draw.percent(25)) {
      select.sets = generateSets({ ...scope, depth: scope.depth - 1 }, outputs, false);
    }
    return { op, all: (op === "union" || can.setAll) && draw.percent(40), parens, arm: select };
  });
}

function joinKinds({ can }: Scope): JoinKind[] {
  const kinds: JoinKind[] = ["inner", "inner", "left", "left", "right", "cross"];
  if (can.fullJoin) kinds.push("full");
  if (can.lateral) kinds.push("innerLateral", "leftLateral", "crossLateral");
  return kinds;
}

/** The rows of a query are as many as those of its sources, multiplied, where nothing joins them. */
const maxSources = 6;

/** Adds FROM and joins to the block; the scope that its expressions see. */
export function generateSources(
  scope: Scope,
  select: Pick<Select, "from" | "joins">,
  kinds: readonly JoinKind[] = joinKinds(scope),
  optional = false,
): Scope {
  const { draw, counter } = scope;
  // The work of a query grows with the product of its sources.
  const left = Math.max(0, maxSources - counter.sources);
  const full = left === 0;
  const count = full || draw.percent(85) ? 1 : optional && draw.percent(20) ? 0 : 2;
  const used = new Set<string>();
  const local: Visible[] = [];
  for (let i = 0; i < count; i++) {
    const { source, visible } = generateSource(scope, used);
    select.from.push(source);
    local.push(visible);
  }
  const joins = full || count === 0
    ? 0
    : Math.min(left, draw.weighted([[45, () => 0], [35, () => 1], [15, () => 2], [5, () => 3]]));
  counter.sources += count + joins;
  for (let i = 0; i < joins; i++) {
    const kind = draw.pick(kinds);
    // ON sees the last item of FROM and what was joined to it, not the items before.
    const seen = local.slice(Math.max(0, count - 1));
    const before: Scope = { ...scope, local: seen, outer: scope.outer, bare: false };
    const { source, visible } = kind.endsWith("Lateral")
      ? lateralSource(before, used)
      : generateSource(scope, used);
    local.push(visible);
    const on = kind === "cross" || kind === "crossLateral"
      ? []
      : generateOn({ ...before, local: [...seen, visible] }, seen, visible, kind);
    select.joins.push({ kind, source, on });
  }
  return { ...scope, local, bare: true };
}

function generateOn(
  scope: Scope,
  before: readonly Visible[],
  joined: Visible,
  kind: JoinKind,
): Join["on"] {
  const { draw } = scope;
  const left = visibleColumns({ ...scope, local: before }, "int", true);
  const right = visibleColumns({ ...scope, local: [joined] }, "int", true);
  const on: Join["on"] = [];
  const full = kind === "full" && scope.can.dialect === "postgres";
  const key = left.length > 0 && right.length > 0;
  if (key && (full || draw.percent(70))) {
    on.push({ p: "cmp", op: "=", left: draw.pick(left), right: draw.pick(right) });
  }
  // PostgreSQL's full join wants something to hash or merge by, and no more.
  if (full) return on;
  if (draw.percent(40)) on.push(pred(scope, 1));
  return on;
}

function lateralSource(scope: Scope, used: Set<string>): { source: Source; visible: Visible } {
  const alias = freshAlias(scope, used);
  const { select, columns } = generateSelect({
    ...inner(scope),
    depth: Math.max(0, scope.depth - 1),
  }, {
    outputs: freeOutputs(scope),
    limit: true,
    plain: true,
  });
  return { source: { s: "query", query: select, alias }, visible: { alias, columns } };
}

function freshAlias(scope: Scope, used: Set<string>): string {
  const { draw, counter } = scope;
  // The name of a table as the alias of something else, or an alias of an enclosing block.
  const names = [...tables.map((t) => t.name), "t0", "t1"].filter((name) => !used.has(name));
  const alias = draw.percent(20) ? draw.pick(names) : `t${counter.next++}`;
  if (used.has(alias)) return freshAlias(scope, used);
  used.add(alias);
  return alias;
}

function generateSource(scope: Scope, used: Set<string>): { source: Source; visible: Visible } {
  const { draw, can } = scope;
  return draw.weighted([
    [10, () => tableSource(scope, used)],
    ...(scope.ctes.length > 0 && scope.counter.sources < maxSources + 2
      ? [[8, () => {
        const cte = draw.pick(scope.ctes);
        scope.counter.sources += Math.max(0, cte.weight - 1);
        const plain = !used.has(cte.name) && draw.percent(60);
        if (plain) used.add(cte.name);
        const alias = plain ? undefined : freshAlias(scope, used);
        return {
          source: { s: "cte", name: cte.name, alias },
          visible: { alias: alias ?? cte.name, columns: cte.columns },
        };
      }]] as [number, () => { source: Source; visible: Visible }][]
      : []),
    ...(scope.depth > 0 && scope.counter.sources < maxSources
      ? [[2, () => {
        const alias = freshAlias(scope, used);
        const outside: Scope = {
          ...scope,
          local: [],
          outer: can.correlatedFrom ? scope.outer : undefined,
          depth: scope.depth - 1,
        };
        const { select, columns } = generateSelect(outside, { limit: true, sets: true });
        return {
          source: { s: "query", query: select, alias },
          visible: { alias, columns },
        };
      }]] as [number, () => { source: Source; visible: Visible }][]
      : []),
    [1, () => {
      const alias = freshAlias(scope, used);
      return {
        source: { s: "rows", values: [draw.int(0, 3), draw.int(2, 5)], alias },
        visible: { alias, columns: [{ name: "n", type: "int" }] },
      };
    }],
  ]);
}

/** A reference to a table of the database, never to a CTE of its name. */
export function tableSource(
  scope: Scope,
  used: Set<string>,
  only: readonly string[] = tables.map((t) => t.name),
): { source: TableSource; visible: Visible } {
  const { draw, can } = scope;
  const table = draw.pick(only);
  const shadowed = scope.banned.includes(table) || scope.ctes.some((cte) => cte.name === table);
  const style = shadowed ? "qualified" : draw.weighted<TableSource["style"]>([
    [12, () => "plain"],
    [2, () => "qualified"],
    [1, () => "sqlTable"],
    [1, () => "dynamic"],
    ...(can.caseless ? [[1, () => "upper"]] as [number, () => "upper"][] : []),
  ]);
  const plain = !used.has(table) && draw.percent(40) && style !== "sqlTable" && style !== "dynamic";
  if (plain) used.add(table);
  const alias = plain ? undefined : freshAlias(scope, used);
  return {
    source: { s: "table", table, alias, style },
    visible: {
      alias: alias ?? table,
      columns: tableColumns,
      qualifiable: plain,
    },
  };
}

/** Adds a WITH to the block; the scope that the rest of the block sees. */
export function generateCtes(
  scope: Scope,
  select: { ctes: Cte[]; recursive?: boolean },
): Scope {
  const { draw, can, counter } = scope;
  const recursive = "recursive" in select && draw.percent(35);
  if (recursive) select.recursive = true;
  const count = draw.int(1, 3);
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    const shadow = draw.pick(tables).name;
    names.push(draw.percent(35) && !names.includes(shadow) ? shadow : `q${scope.counter.next++}`);
  }
  let inside = scope;
  names.forEach((name, i) => {
    // Where a CTE sees itself and those after it, their names cannot stand for tables in its body.
    const later = can.cteSeesItself || recursive ? names.slice(i) : [];
    // MariaDB's nested WITH does not see what MySQL's does: the executor refuses such names there.
    const outer = can.dialect === "mysql"
      ? scope.ctes.map((cte) => cte.name).filter((n) => tables.some((t) => t.name === n))
      : [];
    const unreadable = [...later, ...outer.filter((n) => !names.slice(0, i).includes(n))];
    const body: Scope = {
      ...inside,
      local: [],
      outer: undefined,
      banned: [...inside.banned, ...unreadable],
      ctes: inside.ctes.filter((cte) => !unreadable.includes(cte.name)),
      depth: Math.max(0, scope.depth - 1),
    };
    const isTable = tables.some((t) => t.name === name);
    const before = counter.sources;
    const outputs = isTable ? tableColumns : freeOutputs(scope);
    const cte: Cte = { name, body: emptySelect() };
    if (recursive && draw.percent(60)) {
      cte.body = recursiveBody(body, name);
      inside = addCte(inside, { name, columns: recursiveColumns, weight: 3 });
    } else {
      cte.body = generateSelect(body, { outputs, limit: true, sets: true }).select;
      if (can.materialized && draw.percent(20)) cte.materialized = draw.percent(50);
      if (draw.percent(20)) cte.columns = outputs.map((c) => c.name);
      inside = addCte(inside, { name, columns: outputs, weight: counter.sources - before });
    }
    select.ctes.push(cte);
  });
  if (can.dialect === "sqlite" || (can.dialect === "postgres" && recursive)) {
    // Every body sees every CTE there, so their order is nothing.
    select.ctes = draw.some(select.ctes, select.ctes.length);
  }
  return inside;
}

/** The scope with one more CTE, which takes the place of another of its name. */
export function addCte(scope: Scope, cte: CteInfo): Scope {
  return {
    ...scope,
    ctes: [...scope.ctes.filter((c) => c.name !== cte.name), cte],
    banned: scope.banned.filter((name) => name !== cte.name),
  };
}

const recursiveColumns: readonly Column[] = [
  { name: "c0", type: "int" },
  { name: "c1", type: "int" },
  { name: "lvl", type: "int" },
];

/** An anchor, and a step that joins a table (or follows it) for at most three levels. */
function recursiveBody(scope: Scope, name: string): Select {
  const { draw } = scope;
  const anchor = tableSource(scope, new Set([name]));
  const a = anchor.visible.alias;
  const aScope: Scope = { ...scope, local: [anchor.visible], depth: 0, bare: false };
  const used = new Set([name]);
  const step = tableSource(scope, used);
  const b = step.visible.alias;
  const bScope: Scope = {
    ...scope,
    local: [{ alias: name, columns: recursiveColumns }, step.visible],
    depth: 0,
    bare: false,
  };
  const key = { e: "col", alias: b, name: draw.pick(["id", "team_id", "score"]) } as const;
  const parent = { e: "col", alias: name, name: draw.pick(["c0", "c1"]) } as const;
  const kind = draw.pick(["inner", "inner", "left", "cross"] as const);
  const link = { p: "cmp", op: "=", left: parent, right: key } as const;
  const other = draw.percent(50) ? { e: "col", alias: b, name: "score" } as const : parent;
  const flipped = kind === "inner" && draw.percent(40);
  const self: Source = { s: "cte", name };
  const arm: Select = {
    ...emptySelect(),
    via: draw.percent(50) ? "handle" : "callback",
    from: [flipped ? step.source : self],
    joins: [{ kind, source: flipped ? self : step.source, on: kind === "cross" ? [] : [link] }],
    where: draw.percent(50) ? [pred(bScope, 1)] : [],
    items: [
      { as: "c0", expr: { e: "col", alias: b, name: draw.pick(["id", "team_id"]) } },
      { as: "c1", expr: other },
    ],
    level: { below: kind === "cross" ? 1 : 2, of: name },
  };
  return {
    ...emptySelect(),
    via: draw.percent(50) ? "handle" : "callback",
    from: [anchor.source],
    where: draw.percent(60) ? [pred(aScope, 1)] : [],
    items: [
      { as: "c0", expr: { e: "col", alias: a, name: "id" } },
      { as: "c1", expr: { e: "col", alias: a, name: draw.pick(["team_id", "score"]) } },
    ],
    level: "anchor",
    sets: [{ op: "union", all: draw.percent(50), parens: false, arm }],
  };
}
