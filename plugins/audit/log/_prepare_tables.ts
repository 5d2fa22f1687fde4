import { hasInteractiveTransactions } from "@kysera/core";
import type { PluginHost } from "@kysera/executor";
import { type Kysely, sql } from "kysely";
import type { Settings } from "../contract/_settings.ts";
import { AuditTableError } from "../contract/errors.ts";
import type { Ask } from "../strategies/common/_catalog.ts";
import { batchTableOf, labelOf } from "../strategies/common/_table.ts";
import type { AuditStrategy } from "../strategies/strategy.ts";
import type { AuditedTables } from "../write/_tables.ts";
import { createAuditTable } from "./audit_table.ts";

/** The columns of the audit table that are written, in the order they are created in. */
const COLUMNS = [
  "table_name",
  "entity_id",
  "operation",
  "old_values",
  "new_values",
  "changed_by",
  "changed_at",
  "metadata",
  "request_id",
  "hash",
];

/**
 * Creates the tables of the log if they are missing, and checks those that are there.
 *
 * @throws {AuditTableError} where a table is missing and is not to be created, or lacks columns
 */
export async function prepareTables(
  host: PluginHost,
  strategy: AuditStrategy,
  { auditTable, hashChain, createTable = true }: Settings,
  { name, schema }: AuditedTables["auditTable"],
): Promise<void> {
  const db: Kysely<any> = host.db;
  const ask: Ask = async (piece) =>
    (await sql<Record<string, unknown>>`${piece}`.execute(db.withoutPlugins())).rows;
  const find = (table: string) => strategy.catalog.read(ask, table, schema);
  const chained = hashChain !== undefined;
  const columns = (await find(name))?.columns.map((column) => column.name.toLowerCase());
  const needed = [
    ...chained ? [`${name}_chain`] : [],
    ...hasInteractiveTransactions(db) || !strategy.entries.batchesKeepRows
      ? []
      : [batchTableOf(name)],
  ];
  let missing = columns === undefined ? auditTable : undefined;
  for (const each of needed) if (await find(each) === undefined) missing ??= each;
  if (missing !== undefined && !createTable) {
    const given = [
      ...auditTable === "audit_logs" ? [] : [`auditTable: ${JSON.stringify(auditTable)}`],
      ...chained ? ["hashChain: true"] : [],
    ];
    throw new AuditTableError(
      missing,
      "it is missing; add to a migration: await createAuditTable(db" +
        (given.length === 0 ? ")" : `, { ${given.join(", ")} })`) +
        ', or leave out "createTable: false"',
    );
  }
  if (missing !== undefined) {
    await createAuditTable(db, { auditTable, hashChain: chained, ifNotExists: true });
  }
  const lacking = columns === undefined ? [] : COLUMNS.filter((each) => !columns.includes(each));
  if (lacking.length === 0) return;
  const { short, long } = strategy.entries.types;
  const type = (column: string): string => /values$|metadata/.test(column) ? long : short;
  const table = labelOf(name, schema);
  throw new AuditTableError(
    auditTable,
    `it lacks columns; add them: ${
      lacking.map((each) => `alter table ${table} add column ${each} ${type(each)};`).join(" ")
    }`,
  );
}
