import type { OperationNode } from "kysely";
import type { Guard } from "../../hooks/_rules.ts";
import { RawSqlError } from "../../contract/errors.ts";
import { isPlainFunction, readsByName } from "../../tree/_raw_text.ts";
import type { Scope } from "../_with.ts";
import { visitChildren } from "../_walk.ts";

/**
 * A function call: its arguments are visited. Kysely writes the name as it is given, so under
 * `rawSql: "deny"` it must be one, and not that of a function that reads tables by name.
 */
export function rewriteFunction(
  node: OperationNode & { readonly func: string },
  scope: Scope | undefined,
  guard: Guard,
): OperationNode {
  if (guard.deniesRaw && (!isPlainFunction(node.func) || readsByName(node.func))) {
    throw new RawSqlError(`"${node.func}" is called as a function`);
  }
  return visitChildren(node, scope, guard);
}
