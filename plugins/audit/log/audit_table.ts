import { assertKnownOptions, detectDialect, hasInteractiveTransactions } from "@kysera/core";
import { ExecutorError, getRawDb } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import { AuditError } from "../contract/errors.ts";
import { batchTableOf, callerTableOf, markerOf } from "../strategies/common/_table.ts";
import { NOT_SUPPORTED, strategyOf } from "../strategies/_strategies.ts";

/** Options of {@linkcode createAuditTable}. */
export interface AuditTableOptions {
  /** The table, `"schema.table"` as well. Default `"audit_logs"`. */
  readonly auditTable?: string | undefined;
  /** Whether there is to be a table that says where the chain of hashes ends. Default `false`. */
  readonly hashChain?: boolean | undefined;
  /**
   * Whether there is to be a table for writes in batches. Default: whether the database needs one, as
   * D1 does; set it where another dialect runs the migrations of such a database.
   */
  readonly batches?: boolean | undefined;
  /** Whether a table that is there already is left as it is. Default `false`: it is an error. */
  readonly ifNotExists?: boolean | undefined;
}

const OPTIONS: readonly (keyof AuditTableOptions)[] = [
  "auditTable",
  "hashChain",
  "batches",
  "ifNotExists",
];

/**
 * Makes the table that entries are written to, with its indexes: what a migration calls.
 *
 * @param db the database, or a transaction; an executor as well
 * @param options see {@linkcode AuditTableOptions}
 * @throws {AuditError} where the database refuses
 *
 * @example
 * ```ts
 * import { createAuditTable, dropAuditTable } from "@kysera/audit";
 * import type { Kysely } from "kysely";
 *
 * export async function up(db: Kysely<unknown>): Promise<void> {
 *   await createAuditTable(db);
 * }
 * export async function down(db: Kysely<unknown>): Promise<void> {
 *   await dropAuditTable(db);
 * }
 * ```
 */
export async function createAuditTable(
  db: Kysely<any>,
  options: AuditTableOptions = {},
): Promise<void> {
  const { auditTable, hashChain, ifNotExists } = read(options, "create");
  const raw: Kysely<any> = getRawDb<any>(db);
  const { batches = !hasInteractiveTransactions(raw) } = options;
  try {
    await createLog(raw, auditTable, ifNotExists);
    if (hashChain) await createChain(raw, auditTable);
    if (batches && strategyOf(detectDialect(raw))!.entries.batchesKeepRows) {
      await createBatchTable(raw, auditTable);
    }
  } catch (error) {
    if (error instanceof ExecutorError) throw error;
    throw new AuditError(
      `Cannot create audit table "${auditTable}": ${String((error as Error)?.message ?? error)}`,
      "AUDIT_TABLE_CREATION_FAILED",
      { cause: error },
    );
  }
}

/**
 * Drops the audit table, and the tables that belong to it.
 *
 * @param db the database, or a transaction; an executor as well
 * @param options `auditTable`; `ifNotExists` says that a table which is not there is no error
 *
 * @example
 * ```ts
 * import { createAuditTable, dropAuditTable } from "@kysera/audit";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await createAuditTable(db, { auditTable: "history" });
 * await dropAuditTable(db, { auditTable: "history" });
 * await db.destroy();
 * ```
 */
export async function dropAuditTable(
  db: Kysely<any>,
  options: AuditTableOptions = {},
): Promise<void> {
  const { auditTable, ifNotExists } = read(options, "drop");
  const raw: Kysely<any> = getRawDb<any>(db);
  const drop = raw.schema.dropTable(auditTable);
  await (ifNotExists ? drop.ifExists() : drop).execute();
  await raw.schema.dropTable(`${auditTable}_chain`).ifExists().execute();
  for (const nameOf of [batchTableOf, markerOf, callerTableOf]) {
    await raw.schema.dropTable(nameOf(auditTable)).ifExists().execute();
  }
}

async function createLog(db: Kysely<any>, table: string, ifNotExists: boolean): Promise<void> {
  const strategy = strategyOf(detectDialect(db));
  if (strategy === undefined) throw new Error(NOT_SUPPORTED);
  const { types, withNumbers, indexIfNotExists } = strategy.entries;
  const [short, long] = [sql.raw(types.short), sql.raw(types.long)];
  let builder = db.schema.createTable(table);
  if (ifNotExists) builder = builder.ifNotExists();
  await withNumbers(builder)
    .addColumn("table_name", short, (column) => column.notNull())
    .addColumn("entity_id", short)
    .addColumn("operation", short, (column) => column.notNull())
    .addColumn("old_values", long)
    .addColumn("new_values", long)
    .addColumn("changed_by", short)
    .addColumn("changed_at", short, (column) => column.notNull())
    .addColumn("metadata", long)
    .addColumn("request_id", short)
    .addColumn("hash", short)
    .execute();
  const bare = table.slice(table.indexOf(".") + 1);
  for (const columns of [["table_name", "entity_id", "id"], ["changed_by", "id"]]) {
    let index = db.schema.createIndex(`${bare}_${columns[0]}`).on(table).columns(columns);
    if (ifNotExists && indexIfNotExists) index = index.ifNotExists();
    await index.execute().catch((error: unknown) => {
      const isThere = ifNotExists && (error as { errno?: number }).errno === 1061;
      if (!isThere) throw error;
    });
  }
}

async function createChain(db: Kysely<any>, table: string): Promise<void> {
  const chain = `${table}_chain`;
  await db.schema.createTable(chain).ifNotExists()
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("entries", "bigint", (column) => column.notNull())
    .addColumn("hash", sql`varchar(255)`, (column) => column.notNull())
    .execute();
  // In one statement, which reads nothing for the program: a dry run of a migration can tell it.
  const row = sql<{ id: number; entries: number; hash: string }>`
    (select 1 as id, 0 as entries, '' as hash)`.as("row");
  await db.insertInto(chain).columns(["id", "entries", "hash"]).expression(
    db.selectFrom(row).selectAll().where((eb) =>
      eb.not(eb.exists(eb.selectFrom(chain).select("id")))
    ),
  ).execute();
}

async function createBatchTable(db: Kysely<any>, table: string): Promise<void> {
  await db.schema.createTable(batchTableOf(table)).ifNotExists()
    .addColumn("n", "integer", (column) => column.primaryKey())
    .addColumn("handle", "text", (column) => column.unique())
    .addColumn("next", "text")
    .addColumn("entity", "text")
    .addColumn("image", "text")
    .execute();
}

function read(
  options: AuditTableOptions,
  action: string,
): { auditTable: string; hashChain: boolean; ifNotExists: boolean } {
  assertKnownOptions(options, OPTIONS, {
    action: `${action} an audit table`,
    makeError: (message) => new AuditError(message, "AUDIT_TABLE_CREATION_FAILED"),
  });
  const { auditTable = "audit_logs", hashChain = false, ifNotExists = false } = options;
  return { auditTable, hashChain, ifNotExists };
}
