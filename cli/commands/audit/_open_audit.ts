import { type AuditEntry, auditPlugin } from "@kysera/audit";
import { detectDialect } from "@kysera/core";
import { createExecutor, getPlugins, getRawDb } from "@kysera/executor";
import { readSchema } from "@kysera/migrations/schema";
import { createRepository } from "@kysera/repository";
import type { Kysely } from "kysely";
import { failure, usageError } from "../../contract/_cli_error.ts";
import type { Context } from "../../program/_context.ts";
import { AS_OPTION, boundTo, principalsIn } from "../../program/_open_executor.ts";
import { type Option, text } from "../../contract/_options.ts";

/** The options of every command of the group. */
export const AUDIT_OPTIONS: {
  readonly auditTable: Option<string>;
  readonly schema: Option<string | undefined>;
  readonly as: Option<string | undefined>;
} = {
  auditTable: text("--audit-table <name>", "the table of the log", { default: "audit_logs" }),
  schema: text("-s, --schema <name>", "names without a schema mean this one"),
  as: AS_OPTION,
};

/** An executor by which the log is read. */
export interface OpenedAudit {
  readonly executor: Kysely<any>;
  /** The table of the log. */
  readonly auditTable: string;
  /** The database without plugins, for what a log refuses. */
  readonly raw: Kysely<any>;
  /** Whether the log has a chain of hashes. */
  readonly hasChain: boolean;
}

/**
 * Opens the database with the audit plugin: the one of the configuration's executor, whose policies
 * hold then, or one that only reads.
 */
export async function openAudit(
  context: Context,
  { auditTable, schema, as }: {
    readonly auditTable: string;
    readonly schema: string | undefined;
    readonly as: string | undefined;
  },
): Promise<OpenedAudit> {
  const { db } = await context.open({ missing: "refuse", schema });
  const raw: Kysely<any> = getRawDb(db).withoutPlugins();
  if (detectDialect(db) === "mssql") throw failure("The audit log of SQL Server cannot be read");
  const { tables } = await readSchema(raw);
  const has = (name: string) => tables.some((table) => table.name === name);
  if (!has(auditTable)) {
    throw failure(`There is no audit log "${auditTable}"`, {
      hint: "Name it with --audit-table, or create it by `createAuditTable` in a migration.",
    });
  }
  const hasChain = has(`${auditTable}_chain`);
  const isAudited = getPlugins(db).some(({ name }) => name === "@kysera/audit");
  const executor = isAudited ? db : await createExecutor(db, [
    auditPlugin({ auditTable, createTable: false, hashChain: hasChain }),
  ]);
  return {
    executor: boundTo(executor, as, await principalsIn(context)),
    auditTable,
    raw,
    hasChain,
  };
}

/** Returns an entry by its number. */
export async function entryOf(
  { executor, auditTable }: OpenedAudit,
  id: string,
): Promise<AuditEntry> {
  const none = () => usageError(`There is no entry ${id} in "${auditTable}"`);
  if (!/^\d{1,18}$/.test(id)) throw none();
  const found = await executor.selectFrom(auditTable).select("table_name").where("id", "=", id)
    .executeTakeFirst();
  if (found === undefined) throw none();
  // The plugin adds the method to repositories.
  const repository = createRepository(executor, {
    tableName: found.table_name as string,
  }) as unknown as { getAuditLog(id: string): Promise<AuditEntry | null> };
  const entry = await repository.getAuditLog(id);
  if (entry === null) throw none();
  return entry;
}
