import { detectDialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { RLSSchema } from "../contract/policy.ts";
import { readForeignKeys } from "../enforce/_foreign_keys.ts";
import { withKeyRelations } from "../enforce/_key_relations.ts";

/**
 * Returns a schema of policies with the relations that the foreign keys of a database make, for
 * `toPostgres`, which is not told of a database. `rlsPlugin` reads them by itself, where a policy
 * follows a relation that is not declared.
 *
 * A key of `tasks.project_id` makes the relation `"project"` of tasks, and `"tasks"` of projects; one
 * of several columns is called as the other table. Relations that are declared stay as they are.
 *
 * @param db the database, or an executor; its catalog is read
 * @param schema the policies
 * @returns the schema with the relations
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { defineRLSSchema, filter, related, withForeignKeys } from "@kysera/rls";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table projects (id integer primary key, status text)");
 * database.exec("create table tasks (id integer, project_id integer references projects (id))");
 * const db = new Kysely<Record<string, never>>({ dialect: nodeSqliteDialect({ database }) });
 * const schema = defineRLSSchema<any>({
 *   projects: { policies: [filter("read", true)] },
 *   tasks: { policies: [filter("read", related("project", { status: "open" }))] },
 * });
 *
 * const { tasks } = await withForeignKeys(db, schema);
 * assert.deepEqual(tasks!.relations!["project"], {
 *   table: "projects",
 *   columns: { project_id: "id" },
 * });
 * await db.destroy();
 * ```
 */
export async function withForeignKeys<DB>(
  db: Kysely<any>,
  schema: RLSSchema<DB>,
): Promise<RLSSchema<DB>> {
  const raw: Kysely<any> = getRawDb<any>(db).withoutPlugins();
  const keys = await readForeignKeys(raw, detectDialect(db));
  return withKeyRelations(schema, keys, (name) => name);
}
