import { makePolicy } from "./_make_policy.ts";
import type {
  AnyRow,
  Policy,
  PolicyCondition,
  PolicyOperation,
  RowPolicyOptions,
} from "../contract/policy.ts";

/**
 * Denies an operation on the rows that satisfy a condition, whatever else allows it: a restrictive
 * policy of PostgreSQL, turned round. A row of which the condition is not known (it is `null`) is
 * denied too.
 *
 * @param operation `"read"`, `"create"`, `"update"`, `"delete"`, several of them, or `"all"`
 * @param condition of which rows; of new rows as well, unless `check` says otherwise. Default: of all
 * @param options see {@linkcode RowPolicyOptions}
 * @returns the policy, for `defineRLSSchema`
 * @throws {RLSSchemaError} where an operation or an option is unknown
 *
 * @example
 * ```ts
 * import { deny } from "@kysera/rls";
 *
 * deny("delete");
 * deny("update", { status: "published" });
 * // A draft may become a published row; what is published stays as it is.
 * deny("update", { status: "published" }, { check: false, name: "published-is-final" });
 * ```
 */
export function deny<Row = AnyRow>(
  operation: PolicyOperation | readonly PolicyOperation[],
  condition: PolicyCondition<NoInfer<Row>> = true,
  options?: RowPolicyOptions<NoInfer<Row>>,
): Policy<Row> {
  return makePolicy("deny", operation, condition, options);
}
