import type { InsertQueryNode, OnConflictNode, OperationNode } from "kysely";
import type { Guard } from "../../hooks/_rules.ts";
import { QueryRefusedError } from "../../contract/errors.ts";
import { checkInsert, type NeededChecks } from "../clauses/_check.ts";
import { guardInsert } from "../clauses/_check_in_statement.ts";
import { intercept } from "../_intercept.ts";
import { andWhere } from "../../tree/_predicate.ts";
import { refuseOpaque, refuseOpenComma, refuseOpenEnd, refuseRawEnd } from "../clauses/_raw.ts";
import { type GuardedReference, guardedReference } from "../_reference.ts";
import { refuseReservedColumn } from "../clauses/_reserved.ts";
import { keyOfColumn } from "../clauses/_columns.ts";
import { maskTargets, refuseUnwritable } from "../clauses/_mask.ts";
import { rewriteWith, type Scope } from "../_with.ts";
import { stampInsert } from "../clauses/_assign.ts";
import { visitChildren } from "../_walk.ts";

/**
 * INSERT: what it reads is filtered as in a SELECT; a hidden row that it meets is not touched.
 *
 * | clause                              | rule                                              |
 * | ----------------------------------- | ------------------------------------------------- |
 * | values, SELECT, RETURNING           | subqueries rewritten                              |
 * | ON CONFLICT DO UPDATE               | the filter goes to its WHERE                      |
 * | ON CONFLICT DO NOTHING, OR IGNORE   | left: no row is changed or shown                  |
 * | ON DUPLICATE KEY UPDATE             | refused where the table has a filter: no WHERE    |
 * | REPLACE, OR REPLACE                 | refused where the table has a filter: it deletes  |
 */
export function rewriteInsert(
  original: InsertQueryNode,
  outer: Scope | undefined,
  guard: Guard,
  isRoot: boolean = false,
): InsertQueryNode {
  let node = guard.intercepts ? intercept(original, outer, guard) : original;
  if (guard.masks) refuseDenied(node, guard);
  let needed: NeededChecks | undefined;
  if (guard.writes) {
    node = stampInsert(node, guard);
    needed = checkInsert(node, guard);
  }
  if (node.columns !== undefined) {
    for (const column of node.columns) refuseReservedColumn(column);
  }
  for (const update of node.onConflict?.updates ?? node.onDuplicateKey?.updates ?? []) {
    refuseReservedColumn(update.column);
    if (guard.deniesRaw) refuseOpenComma(update, guard);
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
  const { into } = out;
  if (into === undefined) return out;
  if (guard.masks) out = maskInsert(out, into, guard);

  if (guard.deniesRaw) refuseOpaque(into, guard);
  const reference = guardedReference(into, undefined, guard);
  if (reference === undefined) return out;
  const { onConflict, onDuplicateKey, replace, orAction } = out;
  const guarded = (node: InsertQueryNode): InsertQueryNode =>
    needed === undefined ? node : guardInsert(node, needed, isRoot, scope, guard);
  if (
    onConflict?.updates === undefined && onDuplicateKey === undefined && !replace && !orAction &&
    out.endModifiers === undefined
  ) {
    return guarded(out);
  }
  const replaces = replace === true || orAction?.action.toLowerCase() === "replace";
  const predicate = reference.plan.predicate(reference, "update", scope, guard) ??
    // What it replaces it deletes.
    (replaces ? reference.plan.predicate(reference, "delete", scope, guard) : undefined);
  if (predicate === undefined) return guarded(out);
  refuseOpenEnd(out.endModifiers, reference.table.table.identifier.name);
  if (replaces) {
    throw refusal(reference, "REPLACE", "replaces rows that may be hidden");
  }
  if (onDuplicateKey !== undefined) {
    throw refusal(reference, "ON_DUPLICATE_KEY", "updates rows that may be hidden");
  }
  if (onConflict?.updates === undefined) return guarded(out);
  return guarded({
    ...out,
    onConflict: {
      ...onConflict,
      updateWhere: andWhere(onConflict.updateWhere, predicate),
    } as OnConflictNode,
  });
}

function refuseDenied(node: InsertQueryNode, guard: Guard): void {
  const reference = node.into && guardedReference(node.into, undefined, guard);
  const mask = reference?.plan.mask(reference, "insert", guard);
  if (reference === undefined || mask === undefined || mask.unwritable.size === 0) return;
  const { columns = [], onConflict, onDuplicateKey } = node;
  const updates = onConflict?.updates ?? onDuplicateKey?.updates ?? [];
  const written = [...columns, ...updates.map(({ column }) => column)];
  refuseUnwritable(
    written.map((column) => keyOfColumn(column, reference, guard)),
    reference,
    mask,
  );
}

/** The row that an INSERT shows, or meets; what it is given is no row of the table. */
function maskInsert(
  node: InsertQueryNode,
  into: OperationNode,
  guard: Guard,
): InsertQueryNode {
  const { values, ...rest } = node;
  const masked = maskTargets(rest as InsertQueryNode, [into], "insert", false, guard);
  return masked === rest ? node : values === undefined ? masked : { ...masked, values };
}

function refusal(
  reference: GuardedReference,
  reason: "REPLACE" | "ON_DUPLICATE_KEY",
  does: string,
): QueryRefusedError {
  const table = reference.table.table.identifier.name;
  const clause = reason === "REPLACE" ? "REPLACE" : "ON DUPLICATE KEY UPDATE";
  return new QueryRefusedError(
    `Cannot run ${clause} on table "${table}": it ${does}, and the clause takes no condition; ` +
      `run an UPDATE and, where it changed no row, an INSERT, in one transaction`,
    reason,
    table,
  );
}
