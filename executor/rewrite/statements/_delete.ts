import {
  ColumnNode,
  ColumnUpdateNode,
  type DeleteQueryNode,
  type OperationNode,
  type TableNode,
  UpdateQueryNode,
} from "kysely";
import { QueryRefusedError } from "../../contract/errors.ts";
import type { DeleteRewrite } from "../../contract/plugin.ts";
import { valueNode } from "../../tree/_nodes.ts";
import { refuseOpenEnd } from "../clauses/_raw.ts";
import { filterSources, type Sources, unqualify } from "../clauses/_sources.ts";
import { filterTargets, guardedTargets, refuseOtherTargets } from "../clauses/_targets.ts";
import type { MaskPart } from "../parts/mask.ts";
import type { Pass } from "../_pass.ts";
import { type GuardedReference, guardedTarget } from "../_reference.ts";
import { passWithin, rewriteBody } from "../_with.ts";

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
  outer: Pass,
): DeleteQueryNode | UpdateQueryNode {
  const node = outer.rules.parts.intercept?.intercept(original, outer) ?? original;
  const body = rewriteBody(node, outer);
  const pass = passWithin(node, outer);
  const { mask } = pass.rules.parts;
  const out = mask === undefined ? body : maskDeleted(body, mask, pass);
  const softened = softDelete(out, pass);

  const using = out.using;
  // MySQL's targets are names of what USING lists; elsewhere they are references of their own.
  const named = using !== undefined && pass.rules.traits.deletes.targetsNameSources
    ? namedSources(out)
    : undefined;
  const sources: Sources = {
    froms: using?.tables ?? NONE,
    joins: out.joins,
    where: out.where,
    deleted: named,
    unqualified: undefined,
  };
  if (using !== undefined || out.joins !== undefined) filterSources(sources, pass);
  const targets = named === undefined
    ? out.from.froms
    : out.from.froms.filter((target) => sourceNamed(target, out) === undefined);
  refuseOtherTargets(targets, pass);
  sources.where = filterTargets(
    guardedTargets(targets, pass),
    sources.where,
    "delete",
    pass,
  );
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
    rewritten = unqualify(rewritten, sources.unqualified, pass);
  }
  return softened === undefined ? rewritten : asUpdate(rewritten, softened, pass);
}

const NONE: readonly never[] = [];

function maskDeleted(node: DeleteQueryNode, mask: MaskPart, pass: Pass): DeleteQueryNode {
  const others = node.from.froms.length > 1 || node.using !== undefined || node.joins !== undefined;
  const targets = guardedTargets(node.from.froms, pass);
  const masked = mask.maskTargets(node, targets, "delete", others, pass);
  if (masked !== node && others && pass.rules.traits.deletes.targetsNameSources) {
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
  if (item.kind === "TableNode") return (item as TableNode).table.identifier.name;
  return item.kind === "AliasNode"
    ? (item as OperationNode & { alias?: { name?: string } }).alias?.name
    : undefined;
}

interface Softened {
  readonly target: GuardedReference;
  readonly rewrite: DeleteRewrite;
}

/** What the plugins make of the DELETE: an UPDATE, a refusal, or nothing. */
function softDelete(
  node: DeleteQueryNode,
  pass: Pass,
): Softened | undefined {
  if (!pass.rules.rewritesDeletes) return undefined;
  const { deletes } = pass.rules.traits;
  for (const target of writtenTargets(node, pass)) {
    const rewrite = deleteRewriteOf(target, pass);
    if (rewrite === undefined) continue;
    const table = target.tableName;
    const joined = node.using !== undefined || node.joins !== undefined;
    if (node.from.froms.length > 1 || (joined && !deletes.updateTakesUsing)) {
      throw new QueryRefusedError(
        `Cannot turn a DELETE of several tables into an UPDATE of "${table}" on this dialect; ` +
          `delete by a subquery in WHERE`,
        "DELETE_NOT_REWRITABLE",
        table,
      );
    }
    if (node.returning !== undefined && !deletes.updateTakesReturning) {
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

/**
 * Returns what a plugin makes of a DELETE.
 *
 * @throws {QueryRefusedError} where one denies it
 */
export function deleteRewriteOf(target: GuardedReference, pass: Pass): DeleteRewrite | undefined {
  const { plugin, answer } = target.rules.deleteRewrite(target, pass) ?? {};
  if (answer !== "deny") return answer;
  const table = target.tableName;
  throw new QueryRefusedError(
    `Cannot delete from "${table}": plugin "${plugin}" denies it; delete the rows on ` +
      "getRawDb(executor), where no plugin applies",
    "DELETE_DENIED",
    table,
  );
}

/** The guarded tables a DELETE takes rows from; on MySQL by way of the names in USING. */
function writtenTargets(node: DeleteQueryNode, pass: Pass): GuardedReference[] {
  if (node.using === undefined && node.joins === undefined && node.from.froms.length === 1) {
    const reference = guardedTarget(node.from.froms[0], pass);
    return reference === undefined ? [] : [reference];
  }
  return node.from.froms.flatMap((target) => {
    const byName = pass.rules.traits.deletes.targetsNameSources
      ? sourceNamed(target, node)
      : undefined;
    const reference = guardedTarget(byName ?? target, pass);
    return reference === undefined ? [] : [reference];
  });
}

/** The UPDATE without its table: what a MERGE has for an action. */
export function softenedAction(
  rewrite: DeleteRewrite,
  target: GuardedReference,
  pass: Pass,
): UpdateQueryNode {
  const set = Object.entries(rewrite.set).map(([column, value]) =>
    ColumnUpdateNode.create(ColumnNode.create(column), valueNode(value))
  );
  const updates = pass.rules.parts.assign?.assignUpdates(set, target, undefined, pass) ?? set;
  return { ...UpdateQueryNode.createWithoutTable(), updates };
}

function asUpdate(
  node: DeleteQueryNode,
  { target, rewrite }: Softened,
  pass: Pass,
): UpdateQueryNode {
  const update: Record<string, unknown> = {
    ...softenedAction(rewrite, target, pass),
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
