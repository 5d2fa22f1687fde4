import { sql } from "kysely";
import { log } from "../common/_log.ts";
import type { AuditStrategy } from "../strategy.ts";
import { askPostgres } from "./_catalog.ts";
import { insertEntries } from "./_entries.ts";
import { columnValue, imageSource } from "./_images.ts";
import type { AuditedWrite } from "./_parts.ts";
import { rowImage } from "./_row_image.ts";
import { writeOnPostgres } from "./_run.ts";
import { handOverOnPostgres } from "./_hand_over.ts";
import { findPostgresTriggers, postgresTriggers } from "./_triggers.ts";

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
  writer() {
    // Tables whose rows are to be locked by a statement of its own.
    const lockFirst = new Set<string>();
    return ({ query, writes, to, run, next, scope, templates }) => {
      const parts = writes.map(({ audited, ...write }): AuditedWrite => {
        // Every write names one table.
        const { table, alias } = audited[0]!;
        return { ...write, table, alias };
      });
      const chained = (changes: Parameters<typeof log>[2]): Promise<void> => log(run, to, changes);
      return writeOnPostgres(query, parts, { to, run, scope, next, templates, lockFirst, chained });
    };
  },
  handleOf: ({ key }) => key,
  triggers: postgresTriggers,
  replacesTriggers: true,
  findTriggers: findPostgresTriggers,
  // The statement has to see to what a batch expects of it.
  isSeenByTriggers: (_, { scope }) => scope.batch?.expected === undefined,
  handOver: handOverOnPostgres,
};
