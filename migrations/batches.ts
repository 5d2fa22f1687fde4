import type { Kysely } from "kysely";
import type { BatchOptions, BatchProgress } from "./batch.ts";
import { startBatches } from "./run/_start_batches.ts";

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
  return await startBatches(db, options);
}
