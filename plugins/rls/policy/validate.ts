import { makePolicy } from "./_make_policy.ts";
import type { AnyRow, Policy, PolicyCondition, PolicyOptions } from "../contract/policy.ts";

/**
 * Says what a new row must satisfy, whatever else allows it: WITH CHECK of a restrictive policy. Of an
 * UPDATE the new row is the whole row as it will be, not only what is set. It allows nothing itself.
 *
 * @param operation `"create"`, `"update"`, both, or `"all"` for both
 * @param condition of new rows
 * @param options see {@linkcode PolicyOptions}
 * @returns the policy, for `defineRLSSchema`
 * @throws {RLSSchemaError} where an operation or an option is unknown
 *
 * @example
 * ```ts
 * import { validate } from "@kysera/rls";
 *
 * validate("create", (ctx) => ({ author_id: ctx.auth.userId }));
 * validate("all", (ctx, { eb, column }) => eb(column("price"), ">=", 0));
 * validate("create", (ctx) => ctx.data["status"] !== "published", { name: "starts-as-draft" });
 * ```
 */
export function validate<Row = AnyRow>(
  operation: "create" | "update" | "all" | readonly ("create" | "update")[],
  condition: PolicyCondition<NoInfer<Row>>,
  options?: PolicyOptions,
): Policy<Row> {
  return makePolicy("validate", operation, condition, options);
}
