import { hasInteractiveTransactions } from "@kysera/core";
import { BatchExpectationError, type BatchQuery, type BatchRunner } from "@kysera/executor";
import { ExpressionWrapper } from "kysely";
import { JsonText } from "./_json_text.ts";
import type { At, Build, Row, Table } from "./_table.ts";
import { told } from "./_told.ts";

/** A write that happens with others, or not at all. */
export interface BatchedWrite {
  readonly values: readonly unknown[];
  readonly build: Build;
  /** How many rows it changes; where it changes others, nothing happens. */
  readonly rows?: number | undefined;
}

/** Returns true if several writes of a table have to be one batch: there are no transactions. */
export function needsBatch({ db }: Table): boolean {
  return !db.isTransaction && !hasInteractiveTransactions(db) &&
    typeof (db as Partial<BatchRunner<any>>).batch === "function";
}

/**
 * Runs writes as one batch.
 *
 * @param failed makes the error for the write at an index that changed another number of rows
 * @returns what the builder of each gives: its rows, or a list with one result
 */
export async function runInBatch(
  table: Table,
  writes: readonly BatchedWrite[],
  failed: (index: number, cause: unknown) => unknown,
): Promise<any[][]> {
  table.signal?.throwIfAborted();
  const { batch } = table.db as unknown as BatchRunner<any>;
  try {
    const results = await batch.call(table.db, (b) =>
      Object.fromEntries(
        writes.map(({ build, values, rows }, i) => [
          `write ${i}`,
          b.add(
            // Each of them is a builder, which has execute().
            (db) => build(db as Table["db"], valuesAt(values)) as unknown as BatchQuery<Row[]>,
            rows === undefined ? {} : { expect: { rows } },
          ),
        ]),
      ));
    return Object.values(results);
  } catch (error) {
    throw error instanceof BatchExpectationError
      ? await failed(Number(error.key.slice("write ".length)), error)
      : await told(table, error);
  }
}

function valuesAt(values: readonly unknown[]): At {
  return (i) => {
    const value = values[i];
    return value instanceof JsonText ? new ExpressionWrapper(value.around(value.text)) : value;
  };
}
