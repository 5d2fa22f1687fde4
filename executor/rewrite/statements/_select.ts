import type { SelectQueryNode } from "kysely";
import type { Guard } from "../../hooks/_rules.ts";
import { intercept } from "../_intercept.ts";
import { refuseOpenEnd, refuseRawEnd } from "../clauses/_raw.ts";
import { refuseLock } from "../clauses/_mask.ts";
import { rewriteWith, type Scope } from "../_with.ts";
import { filterSources, needFiltering, type Sources, unqualify } from "../clauses/_sources.ts";
import { visitChildren } from "../_walk.ts";

/**
 * SELECT: interceptors first, then the WITH clause, then every child (subqueries in any place), and
 * last the row sources, whose predicates go where `_sources.ts` says.
 */
export function rewriteSelect(
  original: SelectQueryNode,
  outer: Scope | undefined,
  guard: Guard,
): SelectQueryNode {
  const node = guard.intercepts ? intercept(original, outer, guard) : original;
  refuseRawEnd(node.endModifiers, guard);
  let out = node;
  let scope = outer;
  if (node.with !== undefined) {
    const clause = rewriteWith(node.with, outer, guard);
    scope = clause.scope;
    if (clause.node !== node.with) out = { ...node, with: clause.node };
  }
  out = visitChildren(out, scope, guard, "with");

  const from = out.from;
  if (from === undefined || !needFiltering(from.froms, out.joins, guard)) return out;
  const sources: Sources = {
    froms: from.froms,
    joins: out.joins,
    where: out.where,
    unqualified: undefined,
  };
  filterSources(sources, scope, guard);
  if (
    sources.froms === from.froms && sources.joins === out.joins && sources.where === out.where
  ) {
    return out;
  }
  const { froms, joins, where, unqualified } = sources;
  if (node.endModifiers !== undefined) {
    refuseOpenEnd(node.endModifiers, undefined);
    if (guard.masks) refuseLock(node, froms !== from.froms || joins !== out.joins, guard);
  }
  const filtered: Record<string, unknown> = {
    ...out,
    from: froms === from.froms ? from : { ...from, froms },
  };
  if (joins !== undefined) filtered["joins"] = joins;
  if (where !== undefined) filtered["where"] = where;
  // Every member is one that a SELECT has; the record only lets optional ones be left out.
  const rewritten = filtered as unknown as SelectQueryNode;
  return unqualified === undefined ? rewritten : unqualify(rewritten, unqualified, guard);
}
