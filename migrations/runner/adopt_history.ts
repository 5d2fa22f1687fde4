import type { Kysely } from "kysely";
import type { AdoptOptions, AdoptResult } from "../adopt.ts";
import type { MigrationList } from "../migration.ts";
import type { MigrationRunnerOptions } from "../options.ts";
import { MigrationRunner } from "./migration_runner.ts";

/**
 * Takes the history of another tool over: Prisma, Drizzle, Flyway, Kysely's Migrator. Its migrations
 * count as applied from then on; its table is read only. Calling it again adds what is new.
 *
 * @param db the database
 * @param migrations the migrations
 * @param options which history
 * @param runnerOptions the options of the runner
 * @returns what was taken over, what the code does not have, and what else the history says
 * @throws {MigrationStateError} if a migration of theirs failed or is not finished
 * @throws {BadRequestError} if there is no such history, or more than one, or an option is wrong
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { adoptHistory, createMigration } from "@kysera/migrations";
 * import { Kysely, sql } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * // What Drizzle left.
 * await sql`create table __drizzle_migrations (id serial primary key, hash text not null,
 *   created_at numeric)`.execute(db);
 * await sql`insert into __drizzle_migrations (hash, created_at) values ('1f', 1700000000000)`
 *   .execute(db);
 *
 * const { adopted } = await adoptHistory(db, [createMigration("0000_users", async () => {})], {
 *   from: "drizzle",
 *   journal: { entries: [{ idx: 0, when: 1700000000000, tag: "0000_users" }] },
 * });
 * assert.deepEqual(adopted, ["0000_users"]);
 * await db.destroy();
 * ```
 */
export async function adoptHistory(
  db: Kysely<any>,
  migrations: MigrationList,
  options: AdoptOptions = {},
  runnerOptions: MigrationRunnerOptions = {},
): Promise<AdoptResult> {
  return await new MigrationRunner(db, migrations, runnerOptions).adopt(options);
}
