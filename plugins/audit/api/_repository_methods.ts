import type { Kysely } from "kysely";
import type { AuditEntry } from "../contract/entry.ts";
import { mustHavePlugin, mustHaveTable, readEntries } from "../log/_reader.ts";
import { getAuditLogs } from "../log/get_audit_logs.ts";
import { restoreOfTable } from "../log/restore_from_audit.ts";
import type { AuditMethods, AuditPage } from "./repository_methods.ts";

/** Returns the methods of a repository that read the log. */
export function methodsOf(executor: Kysely<any>, table: string): AuditMethods<unknown> {
  const history = (key: unknown, page: AuditPage = {}): Promise<AuditEntry[]> =>
    getAuditLogs<any>(executor, { table, key, ...page });

  return {
    getAuditHistory: history,
    getAuditLogs: history,
    async getAuditLog(auditId) {
      const hooks = mustHavePlugin(executor, "read the audit log");
      const known = await mustHaveTable(executor, hooks, table, "read the audit log of");
      const [entry] = await readEntries(executor, hooks, { table: known, auditId });
      return entry ?? null;
    },
    getTableAuditLogs: (filter = {}) => getAuditLogs<any>(executor, { ...filter, table }),
    getUserChanges: (userId, page = {}) => getAuditLogs<any>(executor, { ...page, userId, table }),
    restoreFromAudit: (auditId, options = {}) => restoreOfTable(executor, table, auditId, options),
  };
}
