import { makePolicy } from "./_make_policy.ts";
import type {
  AnyRow,
  Policy,
  PolicyCondition,
  PolicyOperation,
  RowPolicyOptions,
} from "../contract/policy.ts";

/**
 * Allows an operation on the rows that satisfy a condition. One policy that allows it is enough: a
 * permissive policy of PostgreSQL.
 *
 * @param operation `"read"`, `"create"`, `"update"`, `"delete"`, several of them, or `"all"`
 * @param condition of which rows; new rows must satisfy it as well, unless `check` says otherwise
 * @param options see {@linkcode RowPolicyOptions}
 * @returns the policy, for `defineRLSSchema`
 * @throws {RLSSchemaError} where an operation or an option is unknown
 *
 * @example
 * ```ts
 * import { allow } from "@kysera/rls";
 *
 * allow("read", true);
 * allow(["update", "delete"], (ctx) => ({ author_id: ctx.auth.userId }));
 * allow("all", (ctx) => ctx.auth.roles.includes("admin"), { name: "admins" });
 * allow(
 *   "read",
 *   (ctx, { eb, column }) =>
 *     eb(
 *       column("team_id"),
 *       "in",
 *       eb.selectFrom("members").select("members.team_id")
 *         .where("members.user_id", "=", ctx.auth.userId),
 *     ),
 * );
 * ```
 */
export function allow<Row = AnyRow>(
  operation: PolicyOperation | readonly PolicyOperation[],
  condition: PolicyCondition<NoInfer<Row>>,
  options?: RowPolicyOptions<NoInfer<Row>>,
): Policy<Row> {
  return makePolicy("allow", operation, condition, options);
}
