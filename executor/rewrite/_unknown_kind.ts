import {
  CommonTableExpressionNode,
  type OperationNode,
  type RootOperationNode,
  WithNode,
} from "kysely";
import { QueryRefusedError } from "../contract/errors.ts";
import { isKnownKind } from "../tree/_node_kinds.ts";
import { statementKind } from "../tree/_statement_kinds.ts";

/** The refusal of a kind of node that nobody has written a rule for. */
export function unknownKind({ kind }: OperationNode): QueryRefusedError {
  return new QueryRefusedError(
    `Cannot run a query with a ${kind}: this version of the executor has no rule for it; run it on ` +
      "getRawDb(executor), where no plugin applies",
    "UNSUPPORTED",
  );
}

/**
 * Refuses a statement of a kind that nobody has written a rule for, and one with such a statement in
 * its WITH clause. Where the query is walked, such a node is refused wherever it stands.
 *
 * @throws {QueryRefusedError}
 */
export function refuseUnknownStatement(node: RootOperationNode): void {
  if (statementKind(node.kind) === undefined) throw unknownKind(node);
  refuseInWith(node);
}

/** A node that stands where it cannot is none of ours: the walk refuses it. */
function refuseInWith(node: OperationNode & { readonly with?: OperationNode }): void {
  if (node.with === undefined || !WithNode.is(node.with)) return;
  for (const cte of node.with.expressions) {
    if (!CommonTableExpressionNode.is(cte)) continue;
    if (!isKnownKind(cte.expression.kind)) throw unknownKind(cte.expression);
    refuseInWith(cte.expression);
  }
}
