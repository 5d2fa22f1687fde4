import {
  AliasNode,
  IdentifierNode,
  type JoinNode,
  OnNode,
  type OperationNode,
  SelectionNode,
  SelectQueryNode,
  type TableNode,
  WhereNode,
} from "kysely";
import type { Guard } from "../_guard.ts";
import { and, andWhere } from "./_predicate.ts";
import { refuseOpaque, refuseOpenComma } from "./_raw.ts";
import { type GuardedReference, guardedReference } from "./_reference.ts";
import type { Scope } from "./_scope.ts";

/** The row sources of a block, and its WHERE; changed in place, the lists in them never. */
export interface Sources {
  froms: readonly OperationNode[];
  joins: readonly JoinNode[] | undefined;
  where: WhereNode | undefined;
  /** Tables that were taken out of their schema, because a derived table stands for them now. */
  unqualified: readonly TableNode[] | undefined;
}

/**
 * Filters every table reference among the row sources of a block.
 *
 * | reference                                   | its predicate goes to                        |
 * | ------------------------------------------- | -------------------------------------------- |
 * | FROM; right side of an inner or cross join  | WHERE                                        |
 * | right side of a left join                   | that join's ON                               |
 * | any, in a block with a RIGHT or FULL join   | `(select * from t where ..) as alias`        |
 * | right side of OUTER APPLY                   | `(select * from t where ..) as alias`        |
 *
 * WHERE would drop the rows that an outer join keeps for want of a partner; a derived table is
 * right in any place, but costs some planners more. LIMIT, aggregates, DISTINCT and windows come
 * after all of these, so they see visible rows only.
 */
export function filterSources(sources: Sources, scope: Scope | undefined, guard: Guard): void {
  const derive = keepsLeftRows(sources.joins);
  const froms = mapFroms(sources, sources.froms, derive, scope, guard);
  sources.froms = froms;

  const joins = sources.joins;
  if (joins === undefined) return;
  let changed: JoinNode[] | undefined;
  for (let i = 0; i < joins.length; i++) {
    const join = joins[i]!;
    const next = filterJoin(sources, join, derive, scope, guard);
    if (next !== join) {
      changed ??= joins.slice();
      changed[i] = next;
    }
  }
  if (changed !== undefined) sources.joins = changed;
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

function needsFilter(item: OperationNode, guard: Guard): boolean {
  const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  if (node.kind !== "TableNode") return node.kind !== "SelectQueryNode";
  const { schema, identifier } = (node as TableNode).table;
  return guard.plan(identifier.name, schema === undefined ? undefined : schema.name) !== undefined;
}

/** Filters one reference by a derived table: `(select * from t where ..) as alias`. */
export function derivedTable(reference: GuardedReference, guard: Guard): OperationNode | undefined {
  const { plan, table, alias } = reference;
  const predicate = plan.predicate(
    { table, qualifier: table, alias: undefined },
    "select",
    undefined,
    guard,
  );
  if (predicate === undefined) return undefined;
  const select = SelectQueryNode.cloneWithSelections(SelectQueryNode.createFrom([table]), [
    SelectionNode.createSelectAll(),
  ]);
  return AliasNode.create(
    { ...select, where: WhereNode.create(predicate) } as SelectQueryNode,
    alias ?? IdentifierNode.create(table.table.identifier.name),
  );
}

function mapFroms(
  sources: Sources,
  froms: readonly OperationNode[],
  derive: boolean,
  scope: Scope | undefined,
  guard: Guard,
): readonly OperationNode[] {
  let changed: OperationNode[] | undefined;
  for (let i = 0; i < froms.length; i++) {
    const from = froms[i]!;
    if (guard.deniesRaw) refuseOpaque(from, guard);
    const reference = guardedReference(from, scope, guard);
    if (reference === undefined) continue;
    if (derive) {
      const next = derivedInBlock(sources, reference, guard);
      if (next === undefined) continue;
      changed ??= froms.slice();
      changed[i] = next;
    } else {
      const predicate = predicateOf(reference, scope, guard);
      if (predicate !== undefined) sources.where = andWhere(sources.where, predicate);
    }
  }
  return changed ?? froms;
}

function filterJoin(
  sources: Sources,
  join: JoinNode,
  derive: boolean,
  scope: Scope | undefined,
  guard: Guard,
): JoinNode {
  if (guard.deniesRaw) {
    refuseOpaque(join.table, guard);
    if (join.on !== undefined) refuseOpenComma(join.on);
  }
  const reference = guardedReference(join.table, scope, guard);
  if (reference === undefined) return join;
  if (derive || join.joinType === "OuterApply") {
    const table = derivedInBlock(sources, reference, guard);
    return table === undefined ? join : { ...join, table };
  }
  const predicate = predicateOf(reference, scope, guard);
  if (predicate === undefined) return join;
  if (join.joinType === "LeftJoin" || join.joinType === "LateralLeftJoin") {
    return { ...join, on: OnNode.create(and(join.on?.on, predicate)) };
  }
  sources.where = andWhere(sources.where, predicate);
  return join;
}

/** Whether a join of the block keeps rows of its right side that have no partner. */
function keepsLeftRows(joins: readonly JoinNode[] | undefined): boolean {
  return joins !== undefined &&
    joins.some(({ joinType }) => joinType === "RightJoin" || joinType === "FullJoin");
}

function predicateOf(
  reference: GuardedReference,
  scope: Scope | undefined,
  guard: Guard,
): OperationNode | undefined {
  return reference.plan.predicate(reference, "select", scope, guard);
}

function derivedInBlock(
  sources: Sources,
  reference: GuardedReference,
  guard: Guard,
): OperationNode | undefined {
  const derived = derivedTable(reference, guard);
  if (derived === undefined) return undefined;
  const { table, alias } = reference;
  if (alias === undefined && table.table.schema !== undefined) {
    sources.unqualified = [...sources.unqualified ?? [], table];
  }
  return derived;
}

/** Takes the schema off the references to tables that derived tables stand for now. */
export function unqualify<T>(value: T, tables: readonly TableNode[]): T {
  if (Array.isArray(value)) {
    return value.map((item) => unqualify(item, tables)) as unknown as T;
  }
  if (typeof value !== "object" || value === null || !("kind" in value)) return value;
  const node = value as unknown as OperationNode;
  if (node.kind === "ValueNode" || node.kind === "PrimitiveValueListNode") return value;
  if (node.kind === "ReferenceNode") {
    const { table } = node as OperationNode & { table?: TableNode };
    if (table === undefined || !tables.some((t) => sameTable(t, table))) return value;
    return {
      ...node,
      table: { kind: "TableNode", table: { ...table.table, schema: undefined } },
    } as unknown as T;
  }
  const out: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(node)) out[key] = unqualify(child, tables);
  return out as unknown as T;
}

function sameTable(a: TableNode, b: TableNode): boolean {
  return a.table.identifier.name === b.table.identifier.name &&
    a.table.schema?.name === b.table.schema?.name;
}
