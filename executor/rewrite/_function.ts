import type { OperationNode } from "kysely";
import type { Guard } from "../_guard.ts";
import { RawSqlError } from "../errors.ts";
import { isPlainFunction, readsByName } from "./_raw_text.ts";
import type { Scope } from "./_scope.ts";
import { visitChildren } from "./_visit.ts";

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
