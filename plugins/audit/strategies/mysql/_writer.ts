import { sql } from "kysely";
import { withMarker } from "../common/_marker.ts";
import type { Writer } from "../strategy.ts";
import { writeOnMysql } from "./_write.ts";

/** Returns what does the writes of an executor on MySQL and MariaDB: statements around each of them. */
export function createWriter(): Writer {
  return ({ run, to, scope, writes: [write], query, next }) => {
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
  };
}
