import { type AnyKysely, kyselyOf, withMetadata } from "@kysera/executor";
import { BYPASS, Bypass } from "../algebra/_bypass.ts";
import { mustHavePlugin } from "./_state.ts";

/**
 * Returns an instance that no policy is for: what the system itself does. Every other plugin still
 * applies to it, and raw SQL is still refused. What is made of it (transactions, repositories) is
 * like it; the instance that it was made of stays as it is.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @returns a new instance of the same kind, on the same connection; cheap
 * @throws {RLSSchemaError} where the executor has no row-level security
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { defineRLSSchema, filter, rlsPlugin, withoutRLS } from "@kysera/rls";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table posts (id integer primary key, tenant_id integer)");
 * const db = new Kysely<{ posts: { id: number; tenant_id: number } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const schema = defineRLSSchema({
 *   posts: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
 * });
 * const executor = await createExecutor(db, [rlsPlugin({ schema })]);
 * const all = withoutRLS(executor).selectFrom("posts").selectAll();
 * assert.equal(all.compile().sql, `select * from "posts"`);
 * await db.destroy();
 * ```
 */
export function withoutRLS<K extends AnyKysely<any>>(executor: K): K {
  mustHavePlugin(kyselyOf(executor), "leave the policies aside");
  return withMetadata(executor, { [BYPASS]: Bypass.all });
}
