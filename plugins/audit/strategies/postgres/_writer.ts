import { log } from "../common/_log.ts";
import type { Writer } from "../strategy.ts";
import type { AuditedWrite } from "./_parts.ts";
import { writeOnPostgres } from "./_run.ts";

/** Returns what does the writes of an executor on PostgreSQL: each with what it did in one statement. */
export function createWriter(): Writer {
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
}
