import { sql } from "kysely";
import { withMarker } from "../common/_marker.ts";
import type { Writer } from "../strategy.ts";
import { writeInBatch } from "./_batch.ts";
import { writeOnSqlite } from "./_write.ts";

/** Returns what does the writes of an executor on SQLite: statements beside each of them. */
export function createWriter(): Writer {
  return (work) => {
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
  };
}
