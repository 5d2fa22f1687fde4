import { sql } from "kysely";
import { partsOf } from "../../sql/_nodes.ts";
import { imageOf } from "../common/_image.ts";
import { withMarker } from "../common/_marker.ts";
import type { AuditStrategy } from "../strategy.ts";
import { askSqlite } from "./_catalog.ts";
import { insertEntries } from "./_entries.ts";
import { writeInBatch } from "./_batch.ts";
import { columnValue, imageSource, isWhole } from "./_images.ts";
import { ROWS } from "./_rows.ts";
import { handOverOnSqlite } from "./_hand_over.ts";
import { findSqliteTriggers, sqliteTriggers } from "./_triggers.ts";
import { replaces, sqliteHandle, writeOnSqlite } from "./_write.ts";

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
  writer: () => (work) => {
    const { run, to, scope, writes: [write] } = work;
    if (scope.batch !== undefined) return writeInBatch(write!, work, scope.batch);
    const marker = {
      row: (label: string) => sql`(${label})`,
      isOwn: sql`1 = 1`,
    };
    const isAlone = !scope.inTransaction;
    return scope.atomically(() =>
      withMarker(
        run,
        to,
        write!.audited,
        marker,
        () => writeOnSqlite(write!, { ...work, isAlone }),
      )
    );
  },
  handleOf: sqliteHandle,
  triggers: sqliteTriggers,
  replacesTriggers: false,
  findTriggers: findSqliteTriggers,
  // Rows that are replaced fire triggers under a setting of the connection only, and what is to be
  // done about a conflict goes for the statements of triggers as well.
  isSeenByTriggers: ({ node }) => !replaces(node) && partsOf(node).orAction === undefined,
  handOver: handOverOnSqlite,
};
