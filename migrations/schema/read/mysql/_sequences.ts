import { type Kysely, sql } from "kysely";
import type { SchemaSequence } from "../../snapshot/schema_routine.ts";
import { sorted } from "../../snapshot/_order.ts";
import type { Databases } from "./_objects.ts";
import type { TableRow } from "./_rows.ts";

/** A row of a sequence of MariaDB, with its numbers as texts. */
interface SequenceRow {
  readonly number: number | bigint | string;
  readonly start: string;
  readonly increment: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly cache: string;
  readonly cycle: number | bigint | string;
}

/** Reads the sequences of MariaDB. Each is a table of one row, and all are read at once. */
export async function readSequences(
  db: Kysely<any>,
  rows: readonly TableRow[],
  databases: Databases,
): Promise<SchemaSequence[]> {
  if (rows.length === 0) return [];
  const selects = rows.map(({ schema, name }, i) =>
    sql`
    select ${sql.lit(i)} as number, cast(start_value as char) as start,
      cast(increment as char) as increment, cast(minimum_value as char) as minimum,
      cast(maximum_value as char) as maximum, cast(cache_size as char) as cache,
      cycle_option as cycle from ${sql.id(schema, name)}`
  );
  const { rows: found } = await sql<SequenceRow>`${sql.join(selects, sql` union all `)}`
    .execute(db);
  return sorted(found.map((sequence): SchemaSequence => {
    const row = rows[Number(sequence.number)]!;
    return {
      schema: databases.nameOf(row.schema),
      name: row.name,
      type: "bigint",
      start: sequence.start,
      increment: sequence.increment,
      minimum: sequence.minimum,
      maximum: sequence.maximum,
      cache: sequence.cache,
      cycle: Number(sequence.cycle) === 1,
      ownedBy: null,
      comment: row.comment === "" ? null : row.comment,
    };
  }));
}
