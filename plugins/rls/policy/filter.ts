import { makePolicy } from "./_make_policy.ts";
import type { AnyRow, Policy, PolicyCondition, PolicyOptions } from "../contract/policy.ts";

/**
 * Says which rows exist for the caller. Every filter counts, whatever else allows the operation; and
 * where no `allow` is about an operation, the filters that are about it allow it.
 *
 * @param operation `"read"`, or `"all"`: then also which rows may be written, and what they may become
 * @param condition of which rows
 * @param options see {@linkcode PolicyOptions}
 * @returns the policy, for `defineRLSSchema`
 * @throws {RLSSchemaError} where an operation or an option is unknown
 *
 * @example
 * ```ts
 * import { filter } from "@kysera/rls";
 *
 * filter("read", (ctx) => ({ tenant_id: ctx.auth.tenantId }));
 * filter("all", { archived: false });
 * ```
 */
export function filter<Row = AnyRow>(
  operation: "read" | "all",
  condition: PolicyCondition<NoInfer<Row>>,
  options?: PolicyOptions,
): Policy<Row> {
  return makePolicy("filter", operation, condition, options);
}
