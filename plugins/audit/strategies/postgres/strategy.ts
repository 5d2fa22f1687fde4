import { sql } from "kysely";
import { lazyWriter } from "../common/_lazy_writer.ts";
import type { AuditStrategy } from "../strategy.ts";
import { askPostgres } from "./_catalog.ts";
import { insertEntries } from "./_entries.ts";
import { columnValue, imageSource } from "./_images.ts";
import { rowImage } from "./_row_image.ts";

/** One statement: the write, and what it did. */
export const POSTGRES: AuditStrategy = {
  catalog: {
    read: askPostgres,
    foldCase: (name) => name,
    defaultSchema: undefined,
  },
  images: {
    textOf: (table, alias) => sql<string>`':' || ${rowImage(table, alias)}::text`,
    hasDecimals: true,
    locks: "derived tables",
    errorsEndTransactions: true,
    source: imageSource,
    isWhole: () => true,
    areDifferent: (a, b) => sql`${a}::text is distinct from ${b}::text`,
    columnValue,
  },
  entries: {
    insert: insertEntries,
    chainLock: sql`for update`,
    types: { short: "text", long: "text" },
    withNumbers: (table) =>
      table.addColumn(
        "id",
        "bigint",
        (column) => column.primaryKey().generatedAlwaysAsIdentity(),
      ),
    batchesKeepRows: false,
    indexIfNotExists: true,
  },
  writer: () => lazyWriter(async () => (await import("./_writer.ts")).createWriter()),
  handleOf: ({ key }) => key,
};
