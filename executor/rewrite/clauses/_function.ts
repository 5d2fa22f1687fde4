import type { OperationNode } from "kysely";
import type { Pass } from "../_pass.ts";
import { RawSqlError } from "../../contract/errors.ts";
import { isPlainFunction } from "../../tree/_raw_text.ts";
import { readsByName } from "./_raw_problem.ts";
import { visitChildren } from "../_visit_children.ts";

/**
 * A function call: its arguments are visited. Kysely writes the name as it is given, so under
 * `rawSql: "deny"` it must be one, and not that of a function that reads tables by name.
 */
export function rewriteFunction(
  node: OperationNode & { readonly func: string },
  pass: Pass,
): OperationNode {
  if (pass.rules.deniesRaw && (!isPlainFunction(node.func) || readsByName(node.func))) {
    throw new RawSqlError(`"${node.func}" is called as a function`);
  }
  return visitChildren(node, pass);
}
