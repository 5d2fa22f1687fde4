import type { OperationNode } from "kysely";
import type { Pass } from "../_pass.ts";
import { visitChildren } from "../_visit_children.ts";

/** A call of a function, or of an aggregate. */
type Call = OperationNode & {
  readonly func: string;
  readonly arguments?: readonly OperationNode[];
  readonly aggregated?: readonly OperationNode[];
};

/**
 * A function call: its arguments are visited. Kysely writes the name as it is given, so under
 * `rawSql: "deny"` it must be one, and not that of a function that reads tables by name.
 */
export function rewriteFunction(node: Call, pass: Pass): OperationNode {
  pass.rules.parts.raw?.refuseCall(node.func, node.arguments ?? node.aggregated ?? [], pass);
  return visitChildren(node, pass);
}
