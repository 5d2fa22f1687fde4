import { type AnyKysely, kyselyOf } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { AuditEntry, AuditOperation } from "../contract/entry.ts";
import { AuditError } from "../contract/errors.ts";
import {
  entityOfKey,
  type EntryFilter,
  mustHavePlugin,
  mustHaveTable,
  readEntries,
} from "./_reader.ts";

/** Which entries are read. An option that is not one of these is an error. */
export interface AuditLogFilter {
  /** What happened: one, or one of several. */
  readonly operation?: AuditOperation | readonly AuditOperation[] | undefined;
  /** Who did it. */
  readonly userId?: string | number | bigint | undefined;
  /** The request it belongs to. */
  readonly requestId?: string | undefined;
  /** Not before. */
  readonly startDate?: Date | string | undefined;
  /** Not after. */
  readonly endDate?: Date | string | undefined;
  /** How many at most. Default: all. */
  readonly limit?: number | undefined;
  /** How many of the newest are passed over. Default 0. */
  readonly offset?: number | undefined;
}

/** {@linkcode AuditLogFilter}, for all tables. */
export interface AllAuditLogsFilter extends AuditLogFilter {
  /** The table, as a query names it. Default: all. */
  readonly table?: string | undefined;
  /** The key of a row of that table. */
  readonly key?: unknown;
}

const OPTIONS: readonly string[] = [
  "operation",
  "userId",
  "requestId",
  "startDate",
  "endDate",
  "limit",
  "offset",
];

/**
 * Returns entries of the log, the newest first. They are read through the executor: a policy on the
 * audit table holds. Where the executor has row-level security, an entry is shown as far as the
 * caller's policies hold for the row as the entry has it; see `redacted` of {@linkcode AuditEntry}.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param filter which entries
 * @returns the entries
 * @throws {AuditError} for a filter that means nothing
 *
 * @example
 * ```ts
 * import { auditPlugin, getAuditLogs } from "@kysera/audit";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const executor = await createExecutor(db, [auditPlugin()]);
 * await executor.insertInto("users").values([{ id: 1, name: "Ada" }, { id: 2, name: "Bob" }])
 *   .execute();
 * await executor.deleteFrom("users").where("name", "=", "Bob").execute();
 *
 * const deleted = await getAuditLogs(executor, { table: "users", operation: "DELETE" });
 * assert.deepEqual(deleted.map((entry) => entry.entity_id), ["2"]);
 * assert.equal((await getAuditLogs(executor, { table: "users", key: 1 })).length, 1);
 * await db.destroy();
 * ```
 */
export function getAuditLogs<DB>(
  executor: AnyKysely<DB>,
  filter: AllAuditLogsFilter = {},
): Promise<AuditEntry[]> {
  return find(kyselyOf(executor), filter);
}

async function find(executor: Kysely<any>, filter: AllAuditLogsFilter): Promise<AuditEntry[]> {
  const hooks = mustHavePlugin(executor, "read the audit log");
  const { table, key, ...rest } = filter;
  if (table === undefined) {
    if (key === undefined) return await readEntries(executor, hooks, readFilter(rest));
    throw invalid('"key" is given without "table"');
  }
  const known = await mustHaveTable(executor, hooks, table, "read the audit log of");
  return await readEntries(executor, hooks, {
    ...readFilter(rest),
    table: known,
    entityId: key === undefined ? undefined : entityOfKey(known, key),
  });
}

/**
 * Checks a filter of entries.
 *
 * @throws {AuditError} for an unknown member, or a value that it cannot have
 */
export function readFilter(filter: AuditLogFilter): EntryFilter {
  for (const name of Object.keys(filter)) {
    if (OPTIONS.includes(name)) continue;
    throw invalid(`there is no "${name}"; there are ${OPTIONS.map((o) => `"${o}"`).join(", ")}`);
  }
  const { operation, userId, requestId, startDate, endDate, limit, offset } = filter;
  return {
    operation,
    userId: userId === undefined ? undefined : String(userId),
    requestId,
    startDate: timeText(startDate, "startDate"),
    endDate: timeText(endDate, "endDate"),
    limit: count(limit, "limit"),
    offset: count(offset, "offset"),
  };
}

/** Returns a time as entries hold it. @throws {AuditError} */
export function timeText(time: Date | string | undefined, name: string): string | undefined {
  if (time === undefined || typeof time === "string") return time;
  if (time instanceof Date && !Number.isNaN(time.getTime())) return time.toISOString();
  throw invalid(`"${name}" is no time`);
}

function count(value: number | undefined, name: string): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value;
  throw invalid(`"${name}" is ${value}; give a whole number from 0`);
}

function invalid(problem: string): AuditError {
  return new AuditError(`Cannot read the audit log: ${problem}`, "AUDIT_INVALID_VALUE");
}
