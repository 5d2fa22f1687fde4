/**
 * Migrations in files: TypeScript, JavaScript and SQL.
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createMigrationRunner } from "@kysera/migrations";
 * import { folderOfMigrations } from "@kysera/migrations/files";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const folder = await mkdtemp(join(tmpdir(), "migrations-"));
 * await writeFile(join(folder, "001_users.sql"), "create table users (id integer);");
 *
 * const db = new Kysely<any>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const runner = createMigrationRunner(db, folderOfMigrations(folder));
 * assert.deepEqual((await runner.up()).executed, ["001_users"]);
 * await db.destroy();
 * await rm(folder, { recursive: true });
 * ```
 *
 * @module
 */
export * from "./create_migration_file.ts";
export * from "./folder_of_migrations.ts";
export * from "./rebase_migrations.ts";
export * from "./write_migration_lock.ts";
