/**
 * OpenTelemetry for databases: spans and a histogram by the stable semantic conventions.
 *
 * @example
 * ```ts
 * import { traceDialect } from "@kysera/debug/otel";
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 * import { DatabaseSync } from "node:sqlite";
 *
 * // Until an SDK is registered, OpenTelemetry's API does nothing, at next to no cost.
 * const db = new Kysely<any>({
 *   dialect: traceDialect(nodeSqliteDialect({ database: new DatabaseSync(":memory:") })),
 * });
 * await db.schema.createTable("users").addColumn("id", "integer").execute();
 * await db.destroy();
 * ```
 *
 * @module
 */
export * from "./sql_comment.ts";
export * from "./trace_dialect.ts";
