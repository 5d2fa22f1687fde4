import { assertKnownOptions } from "@kysera/core";
import { type ExecutorOf, getRawDb } from "@kysera/executor";
import type { Kysely, Transaction } from "kysely";

/** Puts rows into a database, in the transaction that it is given. */
export type Seeder<DB = any> = (trx: Transaction<DB>) => unknown;

/** Options of {@linkcode seedDatabase}. */
export interface SeedOptions {
  /**
   * A name that the database remembers, in a table of its own: a seed of that name runs once. Without
   * it the seeder runs each time.
   */
  readonly once?: string | undefined;
  /** The table that remembers names. Default `"kysera_seeds"`. */
  readonly seedTable?: string | undefined;
}

const OPTIONS: readonly (keyof SeedOptions)[] = ["once", "seedTable"];

/**
 * Seeds a database, in one transaction: all rows are there afterwards, or none.
 *
 * @param db the database, or an executor, whose plugins hold for what the seeder writes
 * @param seeder puts the rows in; several are made one by {@linkcode composeSeeders}
 * @param options see {@linkcode SeedOptions}
 * @returns whether the seeder ran: `false` where it had run before
 * @throws what the seeder throws
 * @throws {TypeError} for an unknown option
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { countRows, seedDatabase } from "@kysera/testing";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (name text)");
 * const db = new Kysely<{ users: { name: string } }>({ dialect: nodeSqliteDialect({ database }) });
 *
 * for (let i = 0; i < 2; i++) {
 *   await seedDatabase(db, async (trx) => {
 *     await trx.insertInto("users").values({ name: "Alice" }).execute();
 *   }, { once: "users" });
 * }
 * assert.equal(await countRows(db, "users"), 1);
 * await db.destroy();
 * ```
 */
export async function seedDatabase<DB>(
  db: ExecutorOf<DB>,
  seeder: Seeder<DB>,
  options: SeedOptions = {},
): Promise<boolean> {
  assertKnownOptions(options, OPTIONS, { action: "seed database", makeError: TypeError });
  const { once, seedTable = "kysera_seeds" } = options;
  if (once === undefined) {
    await db.transaction().execute(async (trx) => await seeder(trx));
    return true;
  }
  const raw: Kysely<any> = getRawDb(db);
  await raw.schema.createTable(seedTable).ifNotExists()
    .addColumn("name", "varchar(255)", (column) => column.primaryKey())
    .execute();
  return await db.transaction().execute(async (trx) => {
    const own: Kysely<any> = getRawDb(trx);
    const known = await own.selectFrom(seedTable).select("name").where("name", "=", once)
      .executeTakeFirst();
    if (known !== undefined) return false;
    // First, so that another process which seeds at the same time waits here, and then fails.
    await own.insertInto(seedTable).values({ name: once }).execute();
    await seeder(trx);
    return true;
  });
}

/**
 * Makes one seeder of several, which run in order.
 *
 * @param seeders the seeders
 * @returns the one
 *
 * @example
 * ```ts ignore
 * await seedDatabase(db, composeSeeders([seedUsers, seedPosts]));
 * ```
 */
export function composeSeeders<DB>(seeders: readonly Seeder<DB>[]): Seeder<DB> {
  return async (trx) => {
    for (const seeder of seeders) await seeder(trx);
  };
}
