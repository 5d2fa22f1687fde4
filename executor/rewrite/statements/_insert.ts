import type { InsertQueryNode, OnConflictNode } from "kysely";
import { QueryRefusedError } from "../../contract/errors.ts";
import { andWhere } from "../../tree/_predicate.ts";
import type { NeededChecks } from "../clauses/_check.ts";
import { refuseOpenEnd } from "../clauses/_raw.ts";
import { refuseReservedColumn } from "../clauses/_reserved.ts";
import type { MaskPart } from "../parts/mask.ts";
import type { Pass } from "../_pass.ts";
import { type GuardedReference, guardedTarget } from "../_reference.ts";
import { passWithin, rewriteBody } from "../_with.ts";

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
  outer: Pass,
  isRoot: boolean,
): InsertQueryNode {
  const { assign, check, mask, raw } = outer.rules.parts;
  let node = outer.rules.parts.intercept?.intercept(original, outer) ?? original;
  const pass = passWithin(node, outer);
  // A target is not a CTE, but what plugins say of it stands where the CTEs are seen.
  const target = guardedTarget(node.into, pass);
  let needed: NeededChecks | undefined;
  if (target !== undefined) {
    if (mask !== undefined) refuseReadOnly(node, target, mask, outer);
    if (assign !== undefined) node = assign.assignInsert(node, target, outer);
    needed = check?.checkInsert(node, target, outer);
  }
  if (node.columns !== undefined) {
    for (const column of node.columns) refuseReservedColumn(column);
  }
  for (const update of node.onConflict?.updates ?? node.onDuplicateKey?.updates ?? []) {
    refuseReservedColumn(update.column);
    raw?.refuseOpenComma(update, outer);
  }
  const body = rewriteBody(node, outer);
  if (body.into === undefined) return body;
  raw?.refuseOpaque(body.into, pass);
  if (target === undefined) return body;
  const out = mask === undefined ? body : maskInsert(body, target, mask, pass);

  const { onConflict, onDuplicateKey, replace, orAction } = out;
  const guarded = (node: InsertQueryNode): InsertQueryNode =>
    check === undefined || needed === undefined
      ? node
      : check.guardInsert(node, needed, isRoot, pass);
  if (
    onConflict?.updates === undefined && onDuplicateKey === undefined && !replace && !orAction &&
    out.endModifiers === undefined
  ) {
    return guarded(out);
  }
  const replaces = replace === true || orAction?.action.toLowerCase() === "replace";
  const predicate = target.predicate("update", pass) ??
    // What it replaces it deletes.
    (replaces ? target.predicate("delete", pass) : undefined);
  if (predicate === undefined) return guarded(out);
  refuseOpenEnd(out.endModifiers, target.tableName);
  if (replaces) {
    throw refusal(target, "REPLACE", "replaces rows that may be hidden");
  }
  if (onDuplicateKey !== undefined) {
    throw refusal(target, "ON_DUPLICATE_KEY", "updates rows that may be hidden");
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

function refuseReadOnly(
  node: InsertQueryNode,
  target: GuardedReference,
  mask: MaskPart,
  pass: Pass,
): void {
  const { columns = [], onConflict, onDuplicateKey } = node;
  const updates = onConflict?.updates ?? onDuplicateKey?.updates ?? [];
  mask.refuseReadOnlyColumns(
    [...columns, ...updates.map(({ column }) => column)],
    "insert",
    target,
    pass,
  );
}

/** The row that an INSERT shows, or meets; what it is given is not a row of the table. */
function maskInsert(
  node: InsertQueryNode,
  target: GuardedReference,
  mask: MaskPart,
  pass: Pass,
): InsertQueryNode {
  const { values, ...rest } = node;
  const masked = mask.maskTarget(rest as InsertQueryNode, target, "insert", false, pass);
  return masked === rest ? node : values === undefined ? masked : { ...masked, values };
}

function refusal(
  reference: GuardedReference,
  reason: "REPLACE" | "ON_DUPLICATE_KEY",
  does: string,
): QueryRefusedError {
  const table = reference.tableName;
  const clause = reason === "REPLACE" ? "REPLACE" : "ON DUPLICATE KEY UPDATE";
  return new QueryRefusedError(
    `Cannot run ${clause} on table "${table}": it ${does}, and the clause takes no condition; ` +
      `run an UPDATE and, where it changed no row, an INSERT, in one transaction`,
    reason,
    table,
  );
}
