import type { SelectQueryNode } from "kysely";
import type { Pass } from "../_pass.ts";
import { refuseOpenEnd } from "../clauses/_raw.ts";
import { passWithin, rewriteBody } from "../_with.ts";
import {
  filterSources,
  losesWhere,
  needFiltering,
  type Sources,
  unqualify,
} from "../clauses/_sources.ts";

/**
 * SELECT: interceptors first, then the WITH clause, then every child (subqueries in any place), and
 * last the row sources, whose predicates go where `_sources.ts` says.
 */
export function rewriteSelect(
  original: SelectQueryNode,
  around: Pass,
): SelectQueryNode {
  const node = around.rules.parts.intercept?.intercept(original, around) ?? original;
  const outer = losesWhere(node, around) ? around.deriving() : around;
  const out = rewriteBody(node, outer);
  const pass = passWithin(node, outer);
  const from = out.from;
  if (from === undefined || !needFiltering(from.froms, out.joins, pass)) return out;
  const sources: Sources = {
    froms: from.froms,
    joins: out.joins,
    where: out.where,
    unqualified: undefined,
  };
  filterSources(sources, pass);
  if (
    sources.froms === from.froms && sources.joins === out.joins && sources.where === out.where
  ) {
    return out;
  }
  const { froms, joins, where, unqualified } = sources;
  if (node.endModifiers !== undefined) {
    refuseOpenEnd(node.endModifiers, undefined);
    pass.rules.parts.mask?.refuseLock(
      node,
      froms !== from.froms || joins !== out.joins,
      pass,
    );
  }
  const filtered: Record<string, unknown> = {
    ...out,
    from: froms === from.froms ? from : { ...from, froms },
  };
  if (joins !== undefined) filtered["joins"] = joins;
  if (where !== undefined) filtered["where"] = where;
  // Every member is one that a SELECT has; the record only lets optional ones be left out.
  const rewritten = filtered as unknown as SelectQueryNode;
  return unqualified === undefined ? rewritten : unqualify(rewritten, unqualified, pass);
}
