/**
 * Names of version 0.7.
 *
 * @module
 */
import type { AuditPage } from "./repository_methods.ts";
import type { AuditEntry } from "../contract/entry.ts";
import type { AuditLogFilter } from "../log/get_audit_logs.ts";

/** @deprecated Use {@linkcode AuditEntry}. */
export type ParsedAuditLogEntry = AuditEntry;

/** @deprecated Use {@linkcode AuditLogFilter}. */
export type AuditFilters = AuditLogFilter;

/** @deprecated Use {@linkcode AuditPage}. */
export type AuditPaginationOptions = AuditPage;
