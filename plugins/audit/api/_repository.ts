import type { Kysely } from "kysely";
import type { AuditEntry } from "../contract/entry.ts";
import { mustHavePlugin, mustHaveTable, readEntries } from "../log/_reader.ts";
import { getAuditLogs } from "../log/get_audit_logs.ts";
import { restoreOfTable } from "../log/restore_from_audit.ts";
import type { AuditMethods, AuditPage } from "./repository_methods.ts";

/** What a repository must have, to be given the methods. */
interface RepositoryLike {
  readonly executor: Kysely<any>;
  readonly tableName: string;
}

/** The repository with the methods. */
export function extend<T extends object>(repository: T): T {
  if (!isRepositoryLike(repository)) return repository;
  const { executor, tableName: table } = repository;
  const history = (key: unknown, page: AuditPage = {}): Promise<AuditEntry[]> =>
    getAuditLogs<any>(executor, { table, key, ...page });

  const methods: AuditMethods<unknown> = {
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
  return { ...repository, ...methods };
}

/** Other objects may be given to `extendRepository` by hand; they are left as they are. */
function isRepositoryLike(value: object): value is RepositoryLike {
  const { executor, tableName } = value as Partial<RepositoryLike>;
  return executor !== undefined && typeof tableName === "string";
}
