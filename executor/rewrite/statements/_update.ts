import type { ListNode, OperationNode, UpdateQueryNode, WhereNode } from "kysely";
import type { Guard } from "../../hooks/_rules.ts";
import { checkUpdate, type NeededChecks } from "../clauses/_check.ts";
import { guardUpdate } from "../clauses/_check_in_statement.ts";
import { intercept } from "../_intercept.ts";
import { andWhere } from "../../tree/_predicate.ts";
import { refuseOpaque, refuseOpenComma, refuseOpenEnd, refuseRawEnd } from "../clauses/_raw.ts";
import { guardedReference } from "../_reference.ts";
import { refuseReservedColumn } from "../clauses/_reserved.ts";
import { keyOfColumn } from "../clauses/_columns.ts";
import { maskTargets, refuseUnwritable } from "../clauses/_mask.ts";
import { rewriteWith, type Scope } from "../_with.ts";
import { filterSources, refuseNoTable, type Sources, unqualify } from "../clauses/_sources.ts";
import { stampUpdate } from "../clauses/_assign.ts";
import { visitChildren } from "../_walk.ts";

/**
 * UPDATE: a hidden row of the target is not there to be changed, and a hidden row of FROM, a join or
 * a subquery is not there to be read.
 *
 * | reference                            | its predicate goes to          |
 * | ------------------------------------ | ------------------------------ |
 * | the target, each one of several      | WHERE (so before LIMIT)        |
 * | FROM and its joins                   | as in a SELECT (`_sources.ts`) |
 *
 * A target is never a CTE, whatever its name.
 */
export function rewriteUpdate(
  original: UpdateQueryNode,
  outer: Scope | undefined,
  guard: Guard,
  isRoot: boolean = false,
): UpdateQueryNode {
  let node = guard.intercepts ? intercept(original, outer, guard) : original;
  if (guard.masks && node.table !== undefined) refuseDenied(node, guard);
  let needed: readonly NeededChecks[] = NONE;
  if (guard.writes) {
    node = stampUpdate(node, guard);
    needed = checkUpdate(node, guard);
  }
  const guarded = (node: UpdateQueryNode): UpdateQueryNode =>
    needed.length === 0 ? node : guardUpdate(node, needed, isRoot, scope, guard);
  if (node.updates !== undefined) {
    for (const { column } of node.updates) refuseReservedColumn(column);
  }
  if (guard.deniesRaw) {
    for (const update of node.updates ?? []) refuseOpenComma(update, guard);
  }
  refuseRawEnd(node.endModifiers, guard);
  let out = node;
  let scope = outer;
  if (node.with !== undefined) {
    const clause = rewriteWith(node.with, outer, guard);
    scope = clause.scope;
    if (clause.node !== node.with) out = { ...node, with: clause.node };
  }
  out = visitChildren(out, scope, guard, "with");
  if (guard.masks && out.table !== undefined) {
    const targets = targetsOf(out.table);
    const others = targets.length > 1 || out.from !== undefined || out.joins !== undefined;
    out = maskTargets(out, targets, "update", others, guard);
  }

  const { table, from } = out;
  const where = table === undefined
    ? out.where
    : filterTargets(targetsOf(table), out.where, "update", scope, guard);
  if (from === undefined) {
    if (where === out.where) return guarded(out);
    refuseOpenEnd(node.endModifiers, undefined);
    return guarded({ ...out, where: where! });
  }

  const sources: Sources = { froms: from.froms, joins: out.joins, where, unqualified: undefined };
  filterSources(sources, scope, guard);
  if (
    sources.where === out.where && sources.joins === out.joins && sources.froms === from.froms
  ) {
    return guarded(out);
  }
  refuseOpenEnd(node.endModifiers, undefined);
  const filtered: Record<string, unknown> = {
    ...out,
    from: { ...from, froms: sources.froms },
  };
  if (sources.where !== undefined) filtered["where"] = sources.where;
  if (sources.joins !== undefined) filtered["joins"] = sources.joins;
  // Every member is one that an UPDATE has; the record only lets optional ones be left out.
  const rewritten = filtered as unknown as UpdateQueryNode;
  return guarded(
    sources.unqualified === undefined
      ? rewritten
      : unqualify(rewritten, sources.unqualified, guard),
  );
}

const NONE: readonly NeededChecks[] = [];

function refuseDenied(node: UpdateQueryNode, guard: Guard): void {
  for (const target of targetsOf(node.table!)) {
    const reference = guardedReference(target, undefined, guard);
    const mask = reference?.plan.mask(reference, "update", guard);
    if (reference === undefined || mask === undefined || mask.unwritable.size === 0) continue;
    const columns = (node.updates ?? []).map(({ column }) => keyOfColumn(column, reference, guard));
    refuseUnwritable(columns, reference, mask);
  }
}

/** The tables that a statement writes: one, or a list of them. */
export function targetsOf(table: OperationNode): readonly OperationNode[] {
  return table.kind === "ListNode" ? (table as ListNode).items : [table];
}

/** Adds the predicates of a statement's targets to its WHERE. */
export function filterTargets(
  targets: readonly OperationNode[],
  where: WhereNode | undefined,
  operation: "update" | "delete",
  scope: Scope | undefined,
  guard: Guard,
): WhereNode | undefined {
  let out = where;
  for (const target of targets) {
    if (guard.deniesRaw) refuseOpaque(target, guard);
    refuseNoTable(target);
    const reference = guardedReference(target, undefined, guard);
    if (reference === undefined) continue;
    const predicate = reference.plan.predicate(reference, operation, scope, guard);
    if (predicate !== undefined) out = andWhere(out, predicate);
  }
  return out;
}
