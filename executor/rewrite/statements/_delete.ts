import {
  ColumnNode,
  ColumnUpdateNode,
  type DeleteQueryNode,
  type OperationNode,
  UpdateQueryNode,
} from "kysely";
import type { Guard } from "../../hooks/_rules.ts";
import { QueryRefusedError } from "../../contract/errors.ts";
import type { DeleteRewrite } from "../../contract/plugin.ts";
import { intercept } from "../_intercept.ts";
import { valueNode } from "../../tree/_nodes.ts";
import { refuseOpenEnd, refuseRawEnd } from "../clauses/_raw.ts";
import { type GuardedReference, guardedReference } from "../_reference.ts";
import { maskTargets } from "../clauses/_mask.ts";
import { rewriteWith, type Scope } from "../_with.ts";
import { filterSources, type Sources, unqualify } from "../clauses/_sources.ts";
import { stampUpdates } from "../clauses/_assign.ts";
import { filterTargets } from "./_update.ts";
import { visitChildren } from "../_walk.ts";

/**
 * DELETE: a hidden row is not there to be deleted.
 *
 * | reference                                  | its predicate goes to                       |
 * | ------------------------------------------ | ------------------------------------------- |
 * | the target                                 | WHERE (so before LIMIT)                     |
 * | USING and joins                            | as in a SELECT (`_sources.ts`)              |
 * | a MySQL target that USING names again      | as in a SELECT, with the predicate of what  |
 * |                                            | may be deleted                              |
 *
 * A plugin may have an UPDATE take the DELETE's place: where the dialect has no such UPDATE, the
 * DELETE is refused, never run.
 */
export function rewriteDelete(
  original: DeleteQueryNode,
  outer: Scope | undefined,
  guard: Guard,
): DeleteQueryNode | UpdateQueryNode {
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
  if (guard.masks) out = maskDeleted(out, guard);
  const softened = softDelete(out, guard);

  const using = out.using;
  // MySQL's targets are names of what USING lists; elsewhere they are references of their own.
  const named = using !== undefined && guard.dialect === "mysql" ? namedSources(out) : undefined;
  const sources: Sources = {
    froms: using?.tables ?? [],
    joins: out.joins,
    where: out.where,
    deleted: named,
    unqualified: undefined,
  };
  if (using !== undefined) filterSources(sources, scope, guard);
  const targets = named === undefined
    ? out.from.froms
    : out.from.froms.filter((target) => sourceNamed(target, out) === undefined);
  sources.where = filterTargets(targets, sources.where, "delete", scope, guard);
  if (
    softened === undefined && sources.where === out.where && sources.joins === out.joins &&
    sources.froms === (using?.tables ?? sources.froms)
  ) {
    return out;
  }
  refuseOpenEnd(node.endModifiers, undefined);
  const filtered: Record<string, unknown> = { ...out };
  if (sources.where !== undefined) filtered["where"] = sources.where;
  if (sources.joins !== undefined) filtered["joins"] = sources.joins;
  if (using !== undefined) filtered["using"] = { ...using, tables: sources.froms };
  // Every member is one that a DELETE has; the record only lets optional ones be left out.
  let rewritten = filtered as unknown as DeleteQueryNode;
  if (sources.unqualified !== undefined) {
    rewritten = unqualify(rewritten, sources.unqualified, guard);
  }
  return softened === undefined ? rewritten : asUpdate(rewritten, softened, guard);
}

function maskDeleted(node: DeleteQueryNode, guard: Guard): DeleteQueryNode {
  const others = node.from.froms.length > 1 || node.using !== undefined || node.joins !== undefined;
  const masked = maskTargets(node, node.from.froms, "delete", others, guard);
  if (masked !== node && others && guard.dialect === "mysql") {
    throw new QueryRefusedError(
      "Cannot delete from several tables where one has masked columns; delete by a subquery in WHERE",
      "UNSUPPORTED",
    );
  }
  return masked;
}

/** What MySQL's USING lists, and the targets name. */
function namedSources(node: DeleteQueryNode): ReadonlySet<OperationNode> {
  return new Set(node.from.froms.flatMap((target) => sourceNamed(target, node) ?? []));
}

function sourceNamed(target: OperationNode, node: DeleteQueryNode): OperationNode | undefined {
  const name = plainName(target);
  if (name === undefined) return undefined;
  const listed = [...node.using?.tables ?? [], ...node.joins?.map((join) => join.table) ?? []];
  return listed.find((item) => plainName(item) === name);
}

function plainName(item: OperationNode): string | undefined {
  const node = item as OperationNode & {
    alias?: { name?: string };
    table?: { identifier: { name: string } };
  };
  return node.kind === "AliasNode" ? node.alias?.name : node.table?.identifier.name;
}

interface Softened {
  readonly target: GuardedReference;
  readonly rewrite: DeleteRewrite;
}

/** What the plugins make of the DELETE: an UPDATE, a refusal, or nothing. */
function softDelete(
  node: DeleteQueryNode,
  guard: Guard,
): Softened | undefined {
  if (!guard.rewritesDeletes) return undefined;
  for (const target of writtenTargets(node, guard)) {
    const rewrite = target.plan.deleteRewrite(target, guard);
    if (rewrite === undefined) continue;
    const table = target.table.table.identifier.name;
    if (rewrite === "deny") {
      throw new QueryRefusedError(
        `Cannot delete from "${table}": a plugin denies it; soft-delete the rows instead`,
        "DELETE_DENIED",
        table,
      );
    }
    const joined = node.using !== undefined || node.joins !== undefined;
    if (node.from.froms.length > 1 || (joined && guard.dialect !== "postgres")) {
      throw new QueryRefusedError(
        `Cannot turn a DELETE of several tables into an UPDATE of "${table}" on this dialect; ` +
          `delete by a subquery in WHERE`,
        "DELETE_NOT_REWRITABLE",
        table,
      );
    }
    if (node.returning !== undefined && guard.dialect === "mysql") {
      throw new QueryRefusedError(
        `Cannot turn a DELETE with RETURNING into an UPDATE of "${table}" on this dialect; read ` +
          `the rows before, in one transaction`,
        "DELETE_NOT_REWRITABLE",
        table,
      );
    }
    if (node.top !== undefined || node.output !== undefined) {
      throw new QueryRefusedError(
        `Cannot turn a DELETE with TOP or OUTPUT into an UPDATE of "${table}"`,
        "DELETE_NOT_REWRITABLE",
        table,
      );
    }
    return { target, rewrite };
  }
  return undefined;
}

/** The guarded tables a DELETE takes rows from; on MySQL by way of the names in USING. */
function writtenTargets(node: DeleteQueryNode, guard: Guard): GuardedReference[] {
  if (node.using === undefined && node.joins === undefined && node.from.froms.length === 1) {
    const reference = guardedReference(node.from.froms[0]!, undefined, guard);
    return reference === undefined ? [] : [reference];
  }
  return node.from.froms.flatMap((target) => {
    const byName = guard.dialect === "mysql" ? sourceNamed(target, node) : undefined;
    const reference = guardedReference(byName ?? target, undefined, guard);
    return reference === undefined ? [] : [reference];
  });
}

/** The UPDATE without its table: what a MERGE has for an action. */
export function softenedAction(
  rewrite: DeleteRewrite,
  target: GuardedReference,
  guard: Guard,
): UpdateQueryNode {
  const set = Object.entries(rewrite.set).map(([column, value]) =>
    ColumnUpdateNode.create(ColumnNode.create(column), valueNode(value))
  );
  const updates = guard.writes ? stampUpdates(set, target, undefined, guard) : set;
  return { ...UpdateQueryNode.createWithoutTable(), updates };
}

function asUpdate(
  node: DeleteQueryNode,
  { target, rewrite }: Softened,
  guard: Guard,
): UpdateQueryNode {
  const update: Record<string, unknown> = {
    ...softenedAction(rewrite, target, guard),
    table: node.from.froms[0],
  };
  for (
    const key of [
      "where",
      "joins",
      "returning",
      "with",
      "explain",
      "endModifiers",
      "limit",
      "orderBy",
    ]
  ) {
    const value = (node as unknown as Record<string, unknown>)[key];
    if (value !== undefined) update[key] = value;
  }
  if (node.using !== undefined) update["from"] = { kind: "FromNode", froms: node.using.tables };
  // Built from members that the two kinds of node share.
  return update as unknown as UpdateQueryNode;
}
