import { type RelatedOperation, RelationCondition } from "../contract/relation.ts";
import { readRelated } from "./_make_policy.ts";

/**
 * Returns the condition that the caller may do something to a related row, as the policies of its
 * table say: "who may read the project may read its tasks". The relation is one as of `related`; its
 * table must have policies.
 *
 * @param relation the relation, by its name
 * @param operation what the policies must allow; whatever it is, the row must be one that the caller
 * may read. Default `"read"`
 * @returns the condition, for `allow`, `deny`, `filter`, `validate` and `columns`, or as the answer of
 * a function
 * @throws {RLSSchemaError} for a name or an operation that there is not
 *
 * @example
 * ```ts
 * import { allow, check, defineRLSSchema } from "@kysera/rls";
 *
 * interface Database {
 *   projects: { id: number; owner_id: number; public: boolean };
 *   tasks: { id: number; project_id: number };
 * }
 * defineRLSSchema<Database>({
 *   projects: {
 *     policies: [
 *       allow("read", { public: true }),
 *       allow("all", (ctx) => ({ owner_id: ctx.auth.userId })),
 *     ],
 *   },
 *   tasks: {
 *     relations: { project: { table: "projects", columns: { project_id: "id" } } },
 *     policies: [
 *       allow("read", check("project", "read")),
 *       allow(["create", "update", "delete"], check("project", "update")),
 *     ],
 *   },
 * });
 * ```
 */
export function check(relation: string, operation: RelatedOperation = "read"): RelationCondition {
  return readRelated(new RelationCondition(relation, true, operation), "check()");
}
