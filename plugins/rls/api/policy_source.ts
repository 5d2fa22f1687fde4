import type { Kysely } from "kysely";
import type { RLSSchema } from "../contract/policy.ts";
import { mustHavePlugin } from "./_state.ts";

/** The policies of an executor, and the options that say whom and what they are not for. */
export interface PolicySource {
  /** The schema, with the relations that foreign keys make. */
  readonly schema: RLSSchema<any>;
  /** Roles that no policy applies to. */
  readonly bypassRoles: readonly string[];
  /** Tables that no policy applies to. */
  readonly skipTables: readonly string[];
}

/**
 * Returns the policies that an executor enforces: what `toPostgres` and other tools write out.
 *
 * @param executor the executor, or any instance of it
 * @returns the policies of each of its layers, the outermost first; a query is subject to all of them
 * @throws {RLSSchemaError} if the executor has no row-level security
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { allow, defineRLSSchema, policySourcesOf, rlsPlugin } from "@kysera/rls";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const schema = defineRLSSchema({ posts: { policies: [allow("read", true)] } });
 * const executor = await createExecutor(db, [rlsPlugin({ schema, bypassRoles: ["admin"] })]);
 *
 * const [source] = policySourcesOf(executor);
 * assert.deepEqual(source?.bypassRoles, ["admin"]);
 * assert.deepEqual(Object.keys(source!.schema), ["posts"]);
 * await db.destroy();
 * ```
 */
export function policySourcesOf(executor: Kysely<any>): readonly PolicySource[] {
  return mustHavePlugin(executor, "read the policies").map(({ settings }) => ({
    schema: settings.schema,
    bypassRoles: settings.bypassRoles,
    skipTables: settings.skipTables,
  }));
}
