/**
 * What the plugin adds to repositories.
 *
 * @module
 */
import type { Plugin, RepositoryExtension } from "@kysera/executor";
import type { AuditEntry, AuditValues } from "../contract/entry.ts";
import type { AuditLogFilter } from "../log/get_audit_logs.ts";
import type { RestoreOptions } from "../log/restore_from_audit.ts";

/** How much of a list is read. */
export interface AuditPage {
  /** How many at most. Default: all. */
  readonly limit?: number | undefined;
  /** How many of the newest are passed over. Default 0. */
  readonly offset?: number | undefined;
}

/**
 * The methods that a repository has on an executor with the plugin. All are about entries of its own
 * table, the newest first, and read through its executor: what other plugins hide is hidden.
 */
export interface AuditMethods<Key> {
  /** The entries of a row. */
  getAuditHistory(id: Key, page?: AuditPage): Promise<AuditEntry[]>;
  /** The entries of a row: another name of `getAuditHistory`. */
  getAuditLogs(id: Key, page?: AuditPage): Promise<AuditEntry[]>;
  /** One entry, or `null` where there is none of this table. */
  getAuditLog(auditId: number | bigint | string): Promise<AuditEntry | null>;
  /** The entries of the table. */
  getTableAuditLogs(filter?: AuditLogFilter): Promise<AuditEntry[]>;
  /** The entries of what a user did to the table. */
  getUserChanges(userId: string | number | bigint, page?: AuditPage): Promise<AuditEntry[]>;
  /** Undoes what an entry of this table tells, see `restoreFromAudit`. */
  restoreFromAudit(
    auditId: number | bigint | string,
    options?: RestoreOptions,
  ): Promise<AuditValues>;
}

/** The methods, as the type of a repository takes them. */
export interface AuditRepositoryExtension extends RepositoryExtension {
  /** The methods. */
  readonly methods: AuditMethods<this["key"]>;
}

/** What `auditPlugin` returns. */
export interface AuditPlugin extends Plugin {
  /** Never there at run time. */
  readonly repositoryExtension?: AuditRepositoryExtension;
}
