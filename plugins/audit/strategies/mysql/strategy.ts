import { sql } from "kysely";
import { imageOf } from "../common/_image.ts";
import { lazyWriter } from "../common/_lazy_writer.ts";
import type { AuditStrategy } from "../strategy.ts";
import { askMysql } from "./_catalog.ts";
import { insertEntries } from "./_entries.ts";
import { columnValue, imageSource, isWhole } from "./_images.ts";
import { ROWS } from "./_rows.ts";

/** Statements before and after the write, in one transaction. */
export const MYSQL: AuditStrategy = {
  catalog: {
    read: askMysql,
    foldCase: (name) => name.toLowerCase(),
    defaultSchema: undefined,
  },
  images: {
    textOf: (table, alias) => sql<string>`${ROWS.text(imageOf(table, alias, ROWS))}`,
    hasDecimals: true,
    locks: "tables",
    errorsEndTransactions: false,
    source: imageSource,
    isWhole,
    areDifferent: (a, b) => sql`not (cast(${a} as binary) <=> cast(${b} as binary))`,
    columnValue,
  },
  entries: {
    insert: insertEntries,
    chainLock: sql`for update`,
    types: { short: "varchar(255)", long: "longtext" },
    withNumbers: (table) =>
      table.addColumn("id", "bigint", (column) => column.primaryKey().autoIncrement())
        .modifyEnd(sql`character set utf8mb4 collate utf8mb4_bin`),
    // MySQL has no such words for indexes; MariaDB has.
    batchesKeepRows: false,
    indexIfNotExists: false,
  },
  writer: () => lazyWriter(async () => (await import("./_writer.ts")).createWriter()),
  handleOf: ({ key }) => key,
};
