/**
 * The schema of a database: read as plain data, compared, dumped and loaded.
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { readSchema } from "@kysera/migrations/schema";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const { tables } = await readSchema(db);
 * assert.deepEqual(tables.map(({ name }) => name), ["users"]);
 * await db.destroy();
 * ```
 *
 * @module
 */
export * from "./diff/diff_schemas.ts";
export type * from "./diff/schema_change.ts";
export type { Explanation } from "./drift/_explain.ts";
export type { HistoryOptions } from "./drift/_live.ts";
export * from "./drift/find_drift.ts";
export * from "./drift/read_applied_schema.ts";
export * from "./dump/dump_schema.ts";
export * from "./dump/load_schema.ts";
export * from "./proof/up_down_up.ts";
export * from "./read/read_schema.ts";
export type * from "./scratch/scratch.ts";
export * from "./scratch/scratch_database.ts";
export * from "./scratch/scratch_in_memory.ts";
export * from "./scratch/scratch_schema.ts";
export type * from "./snapshot/schema_column.ts";
export type * from "./snapshot/schema_routine.ts";
export * from "./snapshot/schema_snapshot.ts";
export type * from "./snapshot/schema_table.ts";
export type * from "./snapshot/schema_type.ts";
export type * from "./snapshot/schema_view.ts";
export * from "./squash/baseline.ts";
export * from "./squash/squash.ts";
