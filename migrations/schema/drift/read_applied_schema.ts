import type { Kysely } from "kysely";
import type { MigrationList } from "../../migration.ts";
import { createMigrationRunner } from "../../runner/create_migration_runner.ts";
import { type HistoryOptions, readLive } from "./_live.ts";
import type { SchemaSnapshot } from "../snapshot/schema_snapshot.ts";

/** A schema, and the migrations that have made it. */
export interface AppliedSchema {
  /** The migrations that are applied. */
  readonly migrations: readonly string[];
  /** The schema. */
  readonly schema: SchemaSnapshot;
}

/** Options of {@linkcode readAppliedSchema}. */
export type ReadAppliedSchemaOptions = HistoryOptions;

/**
 * Reads the schema and which migrations are applied, to be kept as JSON until `findDrift()` compares
 * it with what is there then. Call it right after `up()`.
 *
 * @param db the database
 * @param migrations the migrations
 * @param options which schemas, and where the history is
 * @returns the schema and the names
 * @throws {BadRequestError} if an option is unknown or wrong
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigrationRunner, createSqlMigration } from "@kysera/migrations";
 * import { readAppliedSchema } from "@kysera/migrations/schema";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const migrations = [createSqlMigration("001_users", "create table users (id integer);")];
 * await createMigrationRunner(db, migrations).up();
 * const applied = await readAppliedSchema(db, migrations);
 * assert.deepEqual(applied.migrations, ["001_users"]);
 * assert.deepEqual(applied.schema.tables.map(({ name }) => name), ["users"]);
 * await db.destroy();
 * ```
 */
export async function readAppliedSchema(
  db: Kysely<any>,
  migrations: MigrationList,
  options: ReadAppliedSchemaOptions = {},
): Promise<AppliedSchema> {
  const { tableName, schema: historySchema } = options;
  const schema = await readLive(db, options, "read the applied schema");
  const runner = createMigrationRunner(db, migrations, { tableName, schema: historySchema });
  return { migrations: await runner.getExecutedMigrations(), schema };
}
