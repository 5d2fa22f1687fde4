import { BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import type { MigrationList } from "../../migration.ts";
import { resolveMigrations } from "../../run/_resolved.ts";
import { createMigrationRunner } from "../../runner/create_migration_runner.ts";
import { type HistoryOptions, readLive } from "../drift/_live.ts";
import { readLikeLive } from "../drift/_read_like_live.ts";
import { diffSchemas } from "../diff/diff_schemas.ts";
import type { Scratch } from "../scratch/scratch.ts";

/** Options of {@linkcode baseline}. */
export interface BaselineOptions extends HistoryOptions {
  /** The last migration whose changes are there. */
  readonly at: string;
  /** The scratch databases on which the migrations run to be compared with what is there. */
  readonly scratch: Scratch;
}

const ACTION = "take a baseline";

/**
 * Records migrations as applied to a database that had the schema before it had migrations. It is
 * verified first that the schema is the one that they make.
 *
 * @param db the database
 * @param migrations the migrations
 * @param options the last one that counts as applied, and where they are run
 * @returns the migrations that were recorded
 * @throws {BadRequestError} if an option is unknown or missing, there is no such migration, or the
 * schema is another one; nothing is recorded then
 * @throws {MigrationError} if a migration fails on the scratch database
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigrationRunner, createSqlMigration } from "@kysera/migrations";
 * import { baseline, scratchInMemory } from "@kysera/migrations/schema";
 * import { Kysely, sql } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const open = () => nodeSqliteDialect({ database: new DatabaseSync(":memory:") });
 * const db = new Kysely<any>({ dialect: open() });
 * await sql`create table users (id integer)`.execute(db);
 *
 * const migrations = [
 *   createSqlMigration("001_users", "create table users (id integer);"),
 *   createSqlMigration("002_email", "alter table users add column email text;"),
 * ];
 * const options = { at: "001_users", scratch: scratchInMemory(open) };
 * assert.deepEqual(await baseline(db, migrations, options), ["001_users"]);
 * assert.deepEqual((await createMigrationRunner(db, migrations).up()).executed, ["002_email"]);
 * await db.destroy();
 * ```
 */
export async function baseline(
  db: Kysely<any>,
  migrations: MigrationList,
  options: BaselineOptions,
): Promise<string[]> {
  const live = await readLive(db, options, ACTION, ["at", "scratch"]);
  const { at, scratch, tableName } = options;
  if (typeof scratch !== "function") {
    throw new BadRequestError(`Cannot ${ACTION}: the option "scratch" has to say where`);
  }
  const code = await resolveMigrations(migrations);
  const last = code.findIndex(({ name, repeats }) => name === at && repeats === undefined);
  if (last < 0) throw new BadRequestError(`Cannot ${ACTION}: there is no migration "${at}"`);
  const gone = new Set(code.flatMap(({ replaces }) => replaces));
  const counted = code.slice(0, last + 1)
    .filter(({ name, repeats }) => repeats === undefined && !gone.has(name));
  const wanted = await scratch(async (other) => {
    await createMigrationRunner(other, counted.map(({ migration }) => migration), { tableName })
      .up();
    return await readLikeLive(other, options, ACTION);
  });
  const changes = diffSchemas(wanted, live);
  if (changes.length > 0) {
    throw new BadRequestError(
      `Cannot ${ACTION}: the schema is not the one after "${at}": ${
        changes.map(({ text }) => text).join("; ")
      }`,
    );
  }
  const runner = createMigrationRunner(db, code.map(({ migration }) => migration), {
    tableName,
    schema: options.schema,
  });
  const applied = await runner.getExecutedMigrations();
  const recorded = counted.map(({ name }) => name).filter((name) => !applied.includes(name));
  for (const name of recorded) await runner.markAsExecuted(name);
  return recorded;
}
