import { sql } from "kysely";
import { partsOf } from "../../sql/_nodes.ts";
import { imageOf } from "../common/_image.ts";
import { withMarker } from "../common/_marker.ts";
import type { AuditStrategy } from "../strategy.ts";
import { askMysql } from "./_catalog.ts";
import { insertEntries } from "./_entries.ts";
import { columnValue, imageSource, isWhole } from "./_images.ts";
import { ROWS } from "./_rows.ts";
import { handOverOnMysql } from "./_hand_over.ts";
import { findMysqlTriggers, mysqlTriggers } from "./_triggers.ts";
import { writeOnMysql } from "./_write.ts";

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
  writer: () => ({ run, to, scope, writes: [write], query, next }) => {
    const { audited } = write!;
    const marker = {
      row: (label: string) => sql`(connection_id(), ${label})`,
      isOwn: sql`connection = connection_id()`,
    };
    return scope.atomically(() =>
      withMarker(run, to, audited, marker, () =>
        writeOnMysql(
          write!,
          audited,
          to,
          run,
          (node) => next(node === query.query ? query : scope.compile(node)),
        ))
    );
  },
  handleOf: ({ key }) => key,
  triggers: mysqlTriggers,
  replacesTriggers: true,
  findTriggers: findMysqlTriggers,
  isSeenByTriggers({ node }) {
    const { replace, ignore, orAction } = partsOf(node);
    // To triggers REPLACE is a row that goes and another one that comes, and under IGNORE an entry that
    // cannot be written is none.
    return replace !== true && ignore !== true && orAction === undefined;
  },
  handOver: handOverOnMysql,
};
