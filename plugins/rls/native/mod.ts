/**
 * The policies of a schema as PostgreSQL's own: `CREATE POLICY`, and the context in a setting.
 *
 * @example
 * ```ts
 * import { allow, defineRLSSchema, filter } from "@kysera/rls";
 * import { toPostgres } from "@kysera/rls/native";
 * import assert from "node:assert/strict";
 *
 * const schema = defineRLSSchema({
 *   posts: {
 *     policies: [
 *       filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId })),
 *       allow("delete", (ctx) => ctx.auth.roles.includes("editor")),
 *     ],
 *   },
 * });
 * const policies = toPostgres(schema).filter((statement) => statement.startsWith("create policy"));
 * assert.equal(policies.length, 8);
 * ```
 *
 * @module
 */
export * from "./generator.ts";
export * from "./migration_generator.ts";
export * from "./native_rls_plugin.ts";
export * from "./options.ts";
export * from "./rls_migration.ts";
export { clearPostgresContext, syncContextToPostgres } from "./sync_context.ts";
export type { SyncContextOptions } from "./sync_context.ts";
export * from "./to_postgres.ts";
