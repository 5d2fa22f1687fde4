import {
  AliasNode,
  type FunctionNode,
  IdentifierNode,
  type JoinNode,
  OnNode,
  type OperationNode,
  type ParensNode,
  type RawNode,
  SelectionNode,
  SelectQueryNode,
  type TableNode,
  WhereNode,
} from "kysely";
import type { Guard } from "../../hooks/_rules.ts";
import { QueryRefusedError } from "../../contract/errors.ts";
import { sameNode } from "../../tree/_nodes.ts";
import { and, andWhere } from "../../tree/_predicate.ts";
import { refuseOpaque, refuseOpenComma } from "./_raw.ts";
import { type GuardedReference, guardedReference } from "../_reference.ts";
import type { Scope } from "../_with.ts";

/** The row sources of a block, and its WHERE; changed in place, the lists in them never. */
export interface Sources {
  froms: readonly OperationNode[];
  joins: readonly JoinNode[] | undefined;
  where: WhereNode | undefined;
  /** Those of them that the statement deletes from: what may be deleted may be less. */
  readonly deleted?: ReadonlySet<OperationNode> | undefined;
  /** Tables that were taken out of their schema, because a derived table stands for them now. */
  unqualified: readonly TableNode[] | undefined;
}

/** A predicate on rows that no join so far has made up for want of a partner. */
interface Pending {
  readonly predicate: OperationNode;
  readonly reference: GuardedReference;
  readonly list: "froms" | "joins";
  readonly index: number;
}

/**
 * Filters every table reference among the row sources of a block. Joins are read from left to
 * right, as SQL does; what stands left of a join is one table to it.
 *
 * | reference                                                | its predicate goes to                 |
 * | -------------------------------------------------------- | ------------------------------------- |
 * | right side of a LEFT join                                | that join's ON                        |
 * | any other, where no RIGHT or FULL join comes after it    | WHERE                                 |
 * | any other, where the next of those is a RIGHT join       | that join's ON                        |
 * | any other, where the next of those is a FULL join        | `(select * from t where ..) as alias` |
 * | right side of a RIGHT join                               | as FROM: by what comes after it       |
 * | right side of a FULL join, or of OUTER APPLY             | `(select * from t where ..) as alias` |
 * | one with masked columns                                  | `(select a, .. from t where ..) as t` |
 *
 * A WHERE drops the rows that an outer join keeps for want of a partner, an ON drops none that the
 * join keeps: so each stands where it does the one thing it should. A derived table is right
 * anywhere, but hides from the planner (and from GROUP BY) what the table's key is. LIMIT,
 * aggregates, DISTINCT and windows come after all of these, so they see visible rows only.
 */
export function filterSources(sources: Sources, scope: Scope | undefined, guard: Guard): void {
  let pending: Pending[] = [];
  const { froms, joins } = sources;
  for (let i = 0; i < froms.length; i++) {
    const reference = referenceIn(froms[i]!, scope, guard);
    if (isMasked(reference, guard)) {
      derive(sources, { reference, list: "froms", index: i }, scope, guard);
      continue;
    }
    const predicate = reference && predicateOf(reference, froms[i]!, sources, scope, guard);
    if (predicate === undefined) continue;
    // A comma binds less than JOIN, but for SQLite, where it is a join like any other.
    if (i < froms.length - 1 && guard.dialect !== "sqlite") {
      sources.where = andWhere(sources.where, predicate);
    } else pending.push({ predicate, reference: reference!, list: "froms", index: i });
  }
  for (let i = 0; joins !== undefined && i < joins.length; i++) {
    const join = joins[i]!;
    if (guard.deniesRaw && join.on !== undefined) refuseOpenComma(join.on, guard);
    const reference = referenceIn(join.table, scope, guard);
    const masked = isMasked(reference, guard);
    if (masked) derive(sources, { reference, list: "joins", index: i }, scope, guard);
    const predicate = masked || !reference
      ? undefined
      : predicateOf(reference, join.table, sources, scope, guard);
    const own = predicate === undefined
      ? undefined
      : { predicate, reference: reference!, list: "joins" as const, index: i };
    switch (join.joinType) {
      case "LeftJoin":
      case "LateralLeftJoin":
        if (own !== undefined) addToOn(sources, i, [own]);
        break;
      case "RightJoin":
        addToOn(sources, i, pending);
        pending = own === undefined ? [] : [own];
        break;
      case "FullJoin":
        for (const each of pending) derive(sources, each, scope, guard);
        if (own !== undefined) derive(sources, own, scope, guard);
        pending = [];
        break;
      case "OuterApply":
        if (own !== undefined) derive(sources, own, scope, guard);
        break;
      default:
        if (own !== undefined) pending.push(own);
    }
  }
  for (const { predicate } of pending) sources.where = andWhere(sources.where, predicate);
}

/** Whether any of the row sources has to be looked at; costs nothing where none is guarded. */
export function needFiltering(
  froms: readonly OperationNode[],
  joins: readonly JoinNode[] | undefined,
  guard: Guard,
): boolean {
  if (guard.deniesRaw) return true;
  for (const from of froms) if (needsFilter(from, guard)) return true;
  if (joins !== undefined) {
    for (const join of joins) if (needsFilter(join.table, guard)) return true;
  }
  return false;
}

/** Filters one reference by a derived table: `(select * from t where ..) as alias`. */
export function derivedTable(
  reference: GuardedReference,
  scope: Scope | undefined,
  guard: Guard,
): OperationNode | undefined {
  const { plan, table, alias, qualifier } = reference;
  const name = { table, qualifier: table, alias: undefined, known: qualifier };
  const predicate = plan.predicate(name, "select", scope, guard);
  const mask = guard.masks ? plan.mask(name, "select", guard) : undefined;
  if (predicate === undefined && mask === undefined) return undefined;
  const select = SelectQueryNode.cloneWithSelections(
    SelectQueryNode.createFrom([table]),
    mask?.selections(name, guard) ?? [SelectionNode.createSelectAll()],
  );
  return AliasNode.create(
    predicate === undefined
      ? select
      : { ...select, where: WhereNode.create(predicate) } as SelectQueryNode,
    alias ?? IdentifierNode.create(table.table.identifier.name),
  );
}

/** Refuses a function that has the name of a guarded table: SQLite's virtual tables are called. */
export function refuseTableCall(node: OperationNode, guard: Guard): void {
  if (node.kind !== "FunctionNode" && node.kind !== "AggregateFunctionNode") return;
  const { func } = node as FunctionNode;
  const name = func.split(".").at(-1)!;
  if (guard.plan(name, undefined) === undefined) return;
  throw new QueryRefusedError(
    `Cannot filter table "${name}" where it is called as a function; name it as a table`,
    "UNSUPPORTED",
    name,
  );
}

/** What may stand where a table is named, and is ruled elsewhere. */
const TABLE_EXPRESSIONS: ReadonlySet<string> = new Set([
  "AggregateFunctionNode",
  "ColumnNode",
  "FunctionNode",
  "IdentifierNode",
  "RawNode",
  "ReferenceNode",
  "SchemableIdentifierNode",
  "SelectQueryNode",
  "TableNode",
  "ValuesNode",
]);

/** Refuses an expression where a table is named: what it reads cannot be told. */
export function refuseNoTable(item: OperationNode): void {
  let node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  if (node.kind === "RawNode") {
    // Without text of its own, raw SQL is no more than what stands in it.
    const { sqlFragments, parameters } = node as RawNode;
    if (sqlFragments.every((text) => text.trim() === "")) parameters.forEach(refuseNoTable);
  }
  if (TABLE_EXPRESSIONS.has(node.kind)) return;
  while (node.kind === "ParensNode") node = (node as ParensNode).node;
  if (node.kind === "SelectQueryNode" || node.kind === "ValuesNode") return;
  throw new QueryRefusedError(
    "Cannot filter a query with an expression where a table is named; name the table, or a query",
    "UNSUPPORTED",
  );
}

function referenceIn(
  item: OperationNode,
  scope: Scope | undefined,
  guard: Guard,
): GuardedReference | undefined {
  if (guard.deniesRaw) refuseOpaque(item, guard);
  refuseNoTable(item);
  refuseTableCall(item.kind === "AliasNode" ? (item as AliasNode).node : item, guard);
  return guardedReference(item, scope, guard);
}

function needsFilter(item: OperationNode, guard: Guard): boolean {
  const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  if (node.kind !== "TableNode") return node.kind !== "SelectQueryNode";
  const { schema, identifier } = (node as TableNode).table;
  return guard.plan(identifier.name, schema === undefined ? undefined : schema.name) !== undefined;
}

function predicateOf(
  reference: GuardedReference,
  item: OperationNode,
  sources: Sources,
  scope: Scope | undefined,
  guard: Guard,
): OperationNode | undefined {
  const { plan } = reference;
  const read = plan.predicate(reference, "select", scope, guard);
  if (sources.deleted?.has(item) !== true) return read;
  const deleted = plan.predicate(reference, "delete", scope, guard);
  if (deleted === undefined || (read !== undefined && sameNode(read, deleted))) return read;
  return and(read, deleted);
}

function addToOn(sources: Sources, index: number, pending: readonly Pending[]): void {
  if (pending.length === 0) return;
  const join = sources.joins![index]!;
  const on = pending.reduce((on, { predicate }) => and(on, predicate), join.on?.on);
  const joins = sources.joins!.slice();
  joins[index] = { ...join, on: OnNode.create(on!) };
  sources.joins = joins;
}

/** Whether a reference has masked columns: then it is always a derived table. */
function isMasked(
  reference: GuardedReference | undefined,
  guard: Guard,
): reference is GuardedReference {
  if (!guard.masks || reference === undefined) return false;
  const { table, qualifier } = reference;
  const name = { table, qualifier: table, alias: undefined, known: qualifier };
  return reference.plan.mask(name, "select", guard) !== undefined;
}

function derive(
  sources: Sources,
  { reference, list, index }: Omit<Pending, "predicate">,
  scope: Scope | undefined,
  guard: Guard,
): void {
  const table = derivedTable(reference, scope, guard);
  if (table === undefined) return;
  if (list === "froms") {
    const froms = sources.froms.slice();
    froms[index] = table;
    sources.froms = froms;
  } else {
    const joins = sources.joins!.slice();
    joins[index] = { ...joins[index]!, table };
    sources.joins = joins;
  }
  if (reference.alias === undefined) {
    sources.unqualified = [...sources.unqualified ?? [], reference.table];
  }
}

/** Takes the schema off the references to tables that derived tables stand for now. */
export function unqualify<T>(value: T, tables: readonly TableNode[], guard: Guard): T {
  if (Array.isArray(value)) {
    return value.map((item) => unqualify(item, tables, guard)) as unknown as T;
  }
  if (typeof value !== "object" || value === null || !("kind" in value)) return value;
  const node = value as unknown as OperationNode;
  if (node.kind === "ValueNode" || node.kind === "PrimitiveValueListNode") return value;
  if (node.kind === "ReferenceNode") {
    const { table } = node as OperationNode & { table?: TableNode };
    if (table?.table.schema === undefined) return value;
    if (!tables.some((derived) => mayBe(derived, table, guard))) return value;
    return {
      ...node,
      table: { kind: "TableNode", table: { ...table.table, schema: undefined } },
    } as unknown as T;
  }
  const out: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(node)) out[key] = unqualify(child, tables, guard);
  return out as unknown as T;
}

/** Whether a qualified name may be that of a table, which may be written without its schema. */
function mayBe(table: TableNode, qualified: TableNode, guard: Guard): boolean {
  const same = (a: string, b: string | undefined): boolean =>
    b !== undefined && guard.physicalName(a) === guard.physicalName(b);
  const { schema, identifier } = table.table;
  return same(identifier.name, qualified.table.identifier.name) &&
    (schema === undefined || same(schema.name, qualified.table.schema?.name));
}
