import type { CompiledPolicy } from "./policy_registry.ts";

/** Returns true if a policy is a filter that grants what it does not keep back: not of `tenancy`. */
export function isGrantingFilter(
  { type, distributes }: Pick<CompiledPolicy, "type" | "distributes">,
): boolean {
  return type === "filter" && distributes === undefined;
}
