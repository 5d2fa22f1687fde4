import type { ListNode, OperationNode, WhereNode } from "kysely";
import { andWhere } from "../../tree/_predicate.ts";
import type { Pass } from "../_pass.ts";
import { type GuardedReference, guardedTarget } from "../_reference.ts";
import { refuseNoTable, refuseTableCall } from "./_sources.ts";

/** Returns the tables that a statement writes: one, or a list of them. */
export function targetsOf(table: OperationNode): readonly OperationNode[] {
  return table.kind === "ListNode" ? (table as ListNode).items : [table];
}

/** Returns those of a statement's targets that plugins have rules for. */
export function guardedTargets(
  targets: readonly OperationNode[],
  pass: Pass,
): readonly GuardedReference[] {
  const out: GuardedReference[] = [];
  for (const target of targets) {
    const reference = guardedTarget(target, pass);
    if (reference !== undefined) out.push(reference);
  }
  return out;
}

/** Refuses targets that are more than the name of a table. */
export function refuseOtherTargets(targets: readonly OperationNode[], pass: Pass): void {
  for (const target of targets) {
    pass.rules.parts.raw?.refuseOpaque(target, pass);
    refuseNoTable(target);
    refuseTableCall(target, pass);
  }
}

/** Adds the predicates of a statement's targets to its WHERE. */
export function filterTargets(
  targets: readonly GuardedReference[],
  where: WhereNode | undefined,
  operation: "update" | "delete",
  pass: Pass,
): WhereNode | undefined {
  let out = where;
  for (const target of targets) {
    const predicate = target.predicate(operation, pass);
    if (predicate !== undefined) out = andWhere(out, predicate);
  }
  return out;
}
