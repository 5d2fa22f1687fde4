import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { BatchOptions, BatchProgress } from "../batch.ts";
import { batchRunnerOf } from "./_batch_context.ts";

const OPTIONS = ["table", "key", "size", "run", "throttle", "onProgress", "signal"];

/**
 * Runs batches with the options of `batches()`.
 *
 * @param db what the migration was given
 * @param options the rows, and what to do with them
 * @param pastPlugins whether no plugin sees them: all rows have to be changed, those that a plugin
 * would hide among them
 * @throws {BadRequestError} as `batches()` does
 */
export async function startBatches(
  db: Kysely<any>,
  options: BatchOptions,
  pastPlugins: boolean = false,
): Promise<BatchProgress> {
  const action = "run batches";
  assertKnownOptions(options, OPTIONS, { action });
  const { table, key, size = 1000, run, throttle = 0, onProgress, signal } = options;
  const columns = typeof key === "string" ? [key] : [...key ?? []];
  const refuse = (problem: string) => new BadRequestError(`Cannot ${action}: ${problem}`);
  if (typeof table !== "string" || table === "") {
    throw refuse('the option "table" has to be a name');
  }
  if (columns.length === 0 || columns.some((name) => typeof name !== "string" || name === "")) {
    throw refuse('the option "key" has to be a column, or several');
  }
  if (!Number.isInteger(size) || size < 1) {
    throw refuse('the option "size" has to be a whole number from 1 on');
  }
  if (typeof run !== "function") throw refuse('the option "run" has to be a function');
  if (!Number.isFinite(throttle) || throttle < 0) {
    throw refuse('the option "throttle" has to be a number of milliseconds');
  }
  const runner = batchRunnerOf(db);
  if (runner === undefined) {
    throw refuse(
      "they need the database that a migration outside of a transaction is given; set " +
        "transaction: false in the migration, and hand on its db",
    );
  }
  return await runner({ table, columns, size, run, throttle, onProgress, signal, pastPlugins });
}
