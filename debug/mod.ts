/**
 * Query logs, profiles, detectors and traces.
 *
 * @module
 */
export * from "./assert_queries.ts";
export * from "./circular_buffer.ts";
export * from "./debug_plugin.ts";
export * from "./detect/warning.ts";
export * from "./explain_plugins.ts";
export { fingerprint } from "./fingerprint.ts";
export * from "./format/format_sql.ts";
export * from "./format/highlight_sql.ts";
export * from "./format/minify_sql.ts";
export { type DebugOptions } from "./options.ts";
export * from "./profile/query_profiler.ts";
export * from "./query_record.ts";
export * from "./query_summary.ts";
export * from "./with_debug.ts";
