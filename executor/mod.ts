/**
 * The execution layer: plugins that every query of a Kysely keeps to.
 *
 * {@linkcode createExecutor} gives back a real Kysely. Its query executor is ours, so builders,
 * transactions, connections, `withSchema` and streams all come past it; what a plugin hides is
 * hidden from every query, or the query is refused with a named error.
 *
 * @module
 */
export * from "./apply_plugins.ts";
export * from "./change_rows.ts";
export { createExecutor, createExecutorSync, type ExecutorConfig } from "./create_executor.ts";
export * from "./describe_executor.ts";
export * from "./destroy_executor.ts";
export * from "./errors.ts";
export * from "./explain_query.ts";
export type { ExecutorOf } from "./executor_of.ts";
export type {
  AnyKyseraExecutor,
  KyseraExecutor,
  KyseraExecutorMarker,
  KyseraTransaction,
} from "./executor_type.ts";
export * from "./find_tables.ts";
export * from "./handles.ts";
export * from "./physical_name.ts";
export * from "./plugin.ts";
export * from "./plugin_options.ts";
export * from "./query_plan.ts";
export * from "./resolve_plugin_order.ts";
export * from "./row_selector.ts";
export * from "./table_scope.ts";
export * from "./validate_plugins.ts";
export * from "./wrap_transaction.ts";
