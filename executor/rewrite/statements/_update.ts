import type { UpdateQueryNode } from "kysely";
import type { NeededChecks } from "../clauses/_check.ts";
import { refuseOpenEnd } from "../clauses/_raw.ts";
import { refuseReservedColumn } from "../clauses/_reserved.ts";
import { filterSources, type Sources, unqualify } from "../clauses/_sources.ts";
import {
  filterTargets,
  guardedTargets,
  refuseOtherTargets,
  targetsOf,
} from "../clauses/_targets.ts";
import type { Pass } from "../_pass.ts";
import { passWithin, rewriteBody } from "../_with.ts";

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
  outer: Pass,
  isRoot: boolean,
): UpdateQueryNode {
  const { assign, check, mask, raw } = outer.rules.parts;
  let node = outer.rules.parts.intercept?.intercept(original, outer) ?? original;
  const items = node.table === undefined ? NONE : targetsOf(node.table);
  const pass = passWithin(node, outer);
  // A target is not a CTE, but what plugins say of it stands where the CTEs are seen.
  const targets = guardedTargets(items, pass);
  if (mask !== undefined) {
    const columns = (node.updates ?? []).map(({ column }) => column);
    for (const target of targets) mask.refuseReadOnlyColumns(columns, "update", target, outer);
  }
  if (assign !== undefined) node = assign.assignUpdate(node, targets, items.length > 1, outer);
  const needed: readonly NeededChecks[] =
    check?.checkUpdate(node, targets, items.length > 1, outer) ?? NONE;
  for (const update of node.updates ?? NONE) {
    refuseReservedColumn(update.column);
    raw?.refuseOpenComma(update, outer);
  }
  const body = rewriteBody(node, outer);
  const others = items.length > 1 || body.from !== undefined || body.joins !== undefined;
  const out = mask?.maskTargets(body, targets, "update", others, pass) ?? body;

  const guarded = (node: UpdateQueryNode): UpdateQueryNode =>
    check === undefined || needed.length === 0
      ? node
      : check.guardUpdate(node, needed, isRoot, pass);
  const { from } = out;
  refuseOtherTargets(items, pass);
  const where = filterTargets(targets, out.where, "update", pass);
  if (from === undefined) {
    if (where === out.where) return guarded(out);
    refuseOpenEnd(node.endModifiers, undefined);
    return guarded({ ...out, where: where! });
  }

  const sources: Sources = { froms: from.froms, joins: out.joins, where, unqualified: undefined };
  filterSources(sources, pass);
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
    sources.unqualified === undefined ? rewritten : unqualify(rewritten, sources.unqualified, pass),
  );
}

const NONE: readonly never[] = [];
