import { sql } from "kysely";
import { imageOf } from "../common/_image.ts";
import { lazyWriter } from "../common/_lazy_writer.ts";
import type { AuditStrategy } from "../strategy.ts";
import { askSqlite } from "./_catalog.ts";
import { insertEntries } from "./_entries.ts";
import { sqliteHandle } from "./_handle.ts";
import { columnValue, imageSource, isWhole } from "./_images.ts";
import { ROWS } from "./_rows.ts";

/** Statements beside the write, in one transaction. */
export const SQLITE: AuditStrategy = {
  catalog: {
    read: askSqlite,
    foldCase: (name) => name.toLowerCase(),
    // A temporary table, which the name alone finds, has its schema in its label.
    defaultSchema: "main",
  },
  images: {
    textOf: (table, alias) => sql<string>`${ROWS.text(imageOf(table, alias, ROWS))}`,
    hasDecimals: false,
    locks: "none",
    errorsEndTransactions: false,
    source: imageSource,
    isWhole,
    areDifferent: (a, b) => sql`${a} collate binary is not ${b} or typeof(${a}) <> typeof(${b})`,
    columnValue,
  },
  entries: {
    insert: insertEntries,
    // There is one writer, and by now that is us.
    chainLock: sql``,
    types: { short: "text", long: "text" },
    withNumbers: (table) =>
      table.addColumn("id", "integer", (column) => column.primaryKey().autoIncrement()),
    batchesKeepRows: true,
    indexIfNotExists: true,
  },
  writer: () => lazyWriter(async () => (await import("./_writer.ts")).createWriter()),
  handleOf: sqliteHandle,
};
