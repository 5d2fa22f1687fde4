import {
  AndNode,
  type JoinNode,
  type MatchedNode,
  type MergeQueryNode,
  OnNode,
  type OperationNode,
  type RawNode,
  type WhenNode,
} from "kysely";
import { QueryRefusedError } from "../../contract/errors.ts";
import type { MergeAction } from "../../contract/plugin.ts";
import { and, operandOfAnd } from "../../tree/_predicate.ts";
import { textOf } from "../../tree/_raw_text.ts";
import { refuseOpenEnd } from "../clauses/_raw.ts";
import { derivedTable, refuseNoTable, refuseTableCall } from "../clauses/_sources.ts";
import type { Pass } from "../_pass.ts";
import { type GuardedReference, guardedReference, guardedTarget } from "../_reference.ts";
import { passWithin, rewriteBody } from "../_with.ts";
import { deleteRewriteOf, softenedAction } from "./_delete.ts";

/**
 * MERGE: a hidden row of the target matches nothing, a hidden row of the source is not there.
 *
 * | part                              | rule                                                  |
 * | --------------------------------- | ----------------------------------------------------- |
 * | source                            | `(select * from s where ..) as s`                     |
 * | target                            | its filter goes to ON, so a hidden row is not matched |
 * | WHEN NOT MATCHED BY SOURCE        | the target's filter is added to its condition         |
 * | THEN DELETE                       | what a plugin makes of it: an UPDATE, or a refusal    |
 */
export function rewriteMerge(
  original: MergeQueryNode,
  outer: Pass,
): MergeQueryNode {
  let node = outer.rules.parts.intercept?.intercept(original, outer) ?? original;
  const pass = passWithin(node, outer);
  // A target is not a CTE, but what plugins say of it stands where the CTEs are seen.
  const target = guardedTarget(node.into, pass);
  if (target !== undefined) {
    const { assign, check } = outer.rules.parts;
    if (assign !== undefined) node = assign.assignMerge(node, target, outer);
    check?.checkMerge(node, target, outer);
  }
  const body = rewriteBody(node, outer);
  let out = body;
  if (target !== undefined && pass.rules.parts.mask !== undefined) refuseMasked(target);
  let using = out.using;
  if (using !== undefined) using = filterSource(using, pass);

  pass.rules.parts.raw?.refuseOpaque(out.into, pass);
  refuseNoTable(out.into);
  refuseTableCall(out.into, pass);
  if (target === undefined) return using === out.using ? out : withUsing(out, using);
  const actions = actionsOf(out);
  out = softenDeletes(out, target, pass);
  const predicate = target.mergePredicate(actions, pass);
  if (predicate === undefined) return withUsing(out, using);
  refuseOpenEnd(out.endModifiers, target.tableName);
  if (using !== undefined) {
    using = { ...using, on: OnNode.create(and(using.on?.on, predicate)) };
  }
  const whens = out.whens?.map((when) =>
    isBySource(when) ? filterWhen(when, predicate) : closeWhen(when)
  );
  return withUsing(whens === undefined ? out : { ...out, whens }, using);
}

/** A MERGE reads its target in too many places for each to be masked. */
function refuseMasked(target: GuardedReference): void {
  if (target.mask("merge") === undefined) return;
  const table = target.tableName;
  throw new QueryRefusedError(
    `Cannot merge into table "${table}", some of whose columns are masked; run an UPDATE and an ` +
      "INSERT",
    "UNSUPPORTED",
    table,
  );
}

function withUsing(node: MergeQueryNode, using: JoinNode | undefined): MergeQueryNode {
  return using === undefined ? node : { ...node, using };
}

function filterSource(using: JoinNode, pass: Pass): JoinNode {
  pass.rules.parts.raw?.refuseOpaque(using.table, pass);
  refuseNoTable(using.table);
  refuseTableCall(using.table, pass);
  const reference = guardedReference(using.table, pass);
  if (reference === undefined) return using;
  const table = derivedTable(reference, pass);
  if (table === undefined) return using;
  if (reference.alias === undefined && reference.table.table.schema !== undefined) {
    throw new QueryRefusedError(
      `Cannot filter the source of a MERGE that is qualified with a schema and has no alias; ` +
        `alias it: "schema.table as t"`,
      "UNSUPPORTED",
      reference.tableName,
    );
  }
  return { ...using, table };
}

/** `when not matched by source` and its condition: the first operand of its ANDs says which. */
function matchedOf(when: WhenNode): MatchedNode | undefined {
  let condition: OperationNode = when.condition;
  while (condition.kind === "AndNode") condition = (condition as AndNode).left;
  return condition.kind === "MatchedNode" ? condition as MatchedNode : undefined;
}

function isBySource(when: WhenNode): boolean {
  const matched = matchedOf(when);
  return matched !== undefined && matched.not && matched.bySource;
}

/** A raw condition must not go on to a WHEN of its own. */
function closeWhen(when: WhenNode): WhenNode {
  if (when.condition.kind !== "AndNode") return when;
  const { left, right } = when.condition as AndNode;
  refuseActions(right);
  const closed = operandOfAnd(right);
  return closed === right ? when : { ...when, condition: AndNode.create(left, closed) };
}

function filterWhen(when: WhenNode, predicate: OperationNode): WhenNode {
  const condition = when.condition;
  if (condition.kind !== "AndNode") {
    return { ...when, condition: AndNode.create(condition, predicate) };
  }
  const { left, right } = condition as AndNode;
  refuseActions(right);
  return {
    ...when,
    condition: AndNode.create(left, AndNode.create(operandOfAnd(right), predicate)),
  };
}

function refuseActions(condition: OperationNode): void {
  const text = condition.kind === "RawNode" ? textOf(condition as RawNode) : "";
  if (!/\bthen\b/i.test(text) || /\bcase\b/i.test(text)) return;
  throw new QueryRefusedError(
    "Cannot filter a MERGE with a raw condition that holds an action; write each WHEN by itself",
    "UNSUPPORTED",
  );
}

/** What the plugins make of THEN DELETE: an UPDATE of the same row, a refusal, or nothing. */
function softenDeletes(
  node: MergeQueryNode,
  target: GuardedReference,
  pass: Pass,
): MergeQueryNode {
  if (!pass.rules.rewritesDeletes || !node.whens?.some(deletes)) return node;
  const rewrite = deleteRewriteOf(target, pass);
  if (rewrite === undefined) return node;
  const result = softenedAction(rewrite, target, pass);
  return { ...node, whens: node.whens.map((when) => deletes(when) ? { ...when, result } : when) };
}

function actionsOf({ whens = [] }: MergeQueryNode): MergeAction[] {
  const found = new Set<MergeAction>();
  for (const when of whens) {
    if (deletes(when)) found.add("delete");
    else if (when.result?.kind === "InsertQueryNode") found.add("insert");
    else if (when.result?.kind === "UpdateQueryNode") found.add("update");
  }
  return [...found];
}

/** Whether the action is a DELETE; Kysely writes it as raw SQL. */
function deletes({ result }: WhenNode): boolean {
  if (result?.kind === "DeleteQueryNode") return true;
  return result?.kind === "RawNode" &&
    /^\s*delete\b/i.test((result as RawNode).sqlFragments.join(""));
}
