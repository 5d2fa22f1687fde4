/**
 * Audit: one entry for every row that an executor changes, in the transaction that changes it.
 *
 * @example
 * ```ts
 * import { auditPlugin, diff, getAuditLogs } from "@kysera/audit";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * database.exec("insert into users (name) values ('Ada'), ('Grace')");
 *
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const executor = await createExecutor(db, [auditPlugin()]);
 *
 * // One statement, two rows, two entries
 * await executor.updateTable("users").set({ name: "Edsger" }).execute();
 * const [second, first] = await getAuditLogs(executor, { table: "users" });
 * assert.deepEqual(diff(first!), { name: { from: "Ada", to: "Edsger" } });
 * assert.deepEqual(diff(second!), { name: { from: "Grace", to: "Edsger" } });
 * await db.destroy();
 * ```
 *
 * @module
 */
export * from "./api/audit_migration.ts";
export * from "./log/as_of.ts";
export * from "./log/audit_table.ts";
export { type ColumnChange, diff } from "./log/diff.ts";
export {
  type AuditTriggerOptions,
  type AuditTriggers,
  auditTriggers,
  createAuditTriggers,
  dropAuditTriggers,
} from "./triggers/audit_triggers.ts";
export * from "./contract/entry.ts";
export * from "./contract/errors.ts";
export {
  type AllAuditLogsFilter,
  type AuditLogFilter,
  getAuditLogs,
} from "./log/get_audit_logs.ts";
export * from "./contract/options.ts";
export * from "./api/plugin.ts";
export * from "./api/repository_methods.ts";
export * from "./log/verify_audit_log.ts";
export { restoreFromAudit, type RestoreOptions } from "./log/restore_from_audit.ts";
export type * from "./api/former_names.ts";
