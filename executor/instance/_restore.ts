import type { OperationNode } from "kysely";
import type { Guard } from "../hooks/_rules.ts";
import { originalOf, refuseForeign } from "./_provenance.ts";

/**
 * Takes every query in a tree that this view has rewritten back to what its user wrote. Needed where
 * a Kysely plugin comes before the rewriting: it copies nodes, and copies bear no mark.
 */
export function restore(node: OperationNode, guard: Guard): OperationNode {
  refuseForeign(node, guard);
  const original = originalOf(node, guard);
  if (original !== undefined) return restore(original, guard);
  if (node.kind === "ValueNode" || node.kind === "PrimitiveValueListNode") return node;
  let out: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(node)) {
    const next = restoreValue(value, guard);
    if (next !== value) {
      out ??= { ...node };
      out[key] = next;
    }
  }
  return out === undefined ? node : out as unknown as OperationNode;
}

function restoreValue(value: unknown, guard: Guard): unknown {
  if (Array.isArray(value)) {
    const next = value.map((item) => restoreValue(item, guard));
    return next.some((item, i) => item !== value[i]) ? next : value;
  }
  return typeof value === "object" && value !== null && "kind" in value
    ? restore(value as OperationNode, guard)
    : value;
}
