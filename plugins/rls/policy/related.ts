import type { AnyRow, PolicyCondition } from "../contract/policy.ts";
import { RelationCondition } from "../contract/relation.ts";
import { readRelated } from "./_make_policy.ts";

/**
 * Returns the condition that a row has a related row: one that the caller may read, and that
 * satisfies a condition of its own. It is written as an `EXISTS`, which an index of the related
 * columns answers.
 *
 * The relation is one that `relations` of the table declares, or a foreign key: of `tasks.project_id`
 * it is `"project"` for tasks and `"tasks"` for projects.
 *
 * @param relation the relation, by its name
 * @param condition what the related row must satisfy: as of a policy of its table, further relations
 * included. Default `true`
 * @returns the condition, for `allow`, `deny`, `filter`, `validate` and `columns`, or as the answer of
 * a function
 * @throws {RLSSchemaError} for a name or a condition that there cannot be
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { defineRLSSchema, filter, related, rlsPlugin } from "@kysera/rls";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table projects (id integer primary key, tenant_id integer, status text)");
 * database.exec("create table tasks (id integer primary key, project_id integer)");
 * database.exec("insert into projects values (1, 1, 'open'), (2, 1, 'closed'), (3, 2, 'open')");
 * database.exec("insert into tasks values (10, 1), (20, 2), (30, 3)");
 *
 * interface Database {
 *   projects: { id: number; tenant_id: number; status: string };
 *   tasks: { id: number; project_id: number };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const schema = defineRLSSchema<Database>({
 *   projects: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
 *   tasks: {
 *     relations: { project: { table: "projects", columns: { project_id: "id" } } },
 *     policies: [filter("all", related("project", { status: "open" }))],
 *   },
 * });
 * const executor = await createExecutor(db, [rlsPlugin({ schema })]);
 * const caller = bindContext(executor, { auth: { userId: 7, roles: [], tenantId: 1 } });
 * const tasks = await caller.selectFrom("tasks").select("id").execute();
 * assert.deepEqual(tasks, [{ id: 10 }]);
 * await db.destroy();
 * ```
 */
export function related<Row = AnyRow>(
  relation: string,
  condition: PolicyCondition<NoInfer<Row>> = true,
): RelationCondition {
  return readRelated(new RelationCondition(relation, condition, undefined), "related()");
}
