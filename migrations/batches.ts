import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { BatchOptions, BatchProgress } from "./batch.ts";
import { batchRunnerOf } from "./run/_batch_context.ts";

const OPTIONS = ["table", "key", "size", "run", "throttle", "onProgress", "signal"];

/**
 * Changes the rows of a large table batch by batch, each in a transaction of its own, in a migration
 * that has none. How far it is is stored with each batch: a run that was stopped or killed goes on
 * with the next one, and no row is given twice. A batch that meets a lock or a deadlock is tried again,
 * with half the rows.
 *
 * Rows that are added meanwhile with a key that lies behind are not seen: let the program write them as
 * they are to be, or a trigger.
 *
 * @param db what the migration was given
 * @param options the rows, and what to do with them
 * @returns how many rows were changed
 * @throws {BadRequestError} if an option is wrong, the key holds NULL or a date, or `db` is not what a
 * migration outside of a transaction was given
 *
 * @example
 * ```ts
 * import { batches, type Migration } from "@kysera/migrations";
 *
 * const fill: Migration = {
 *   name: "004_fill_full_name",
 *   transaction: false,
 *   async up(db) {
 *     await batches(db, {
 *       table: "users",
 *       key: "id",
 *       size: 5_000,
 *       run: async (trx, batch) => {
 *         await trx.updateTable("users").set({ active: 1 }).where(batch.where).execute();
 *       },
 *     });
 *   },
 * };
 * ```
 */
export async function batches(db: Kysely<any>, options: BatchOptions): Promise<BatchProgress> {
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
  return await runner({ table, columns, size, run, throttle, onProgress, signal });
}
