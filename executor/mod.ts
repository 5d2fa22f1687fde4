/**
 * Execution layer: enforces plugins on every query of a Kysely instance.
 *
 * {@linkcode createExecutor} gives back a real Kysely. Its query executor is ours, so builders,
 * transactions, connections, `withSchema` and streams all come past it; what a plugin hides is
 * hidden from every query, or the query is refused with a named error.
 *
 * @module
 */
export * from "./api/apply_plugins.ts";
export * from "./api/change_rows.ts";
export * from "./api/column_reference.ts";
export { createExecutorSync, type ExecutorConfig } from "./api/create_executor.ts";
export * from "./api/executor_factory.ts";
export * from "./api/describe_executor.ts";
export * from "./api/destroy_executor.ts";
export * from "./contract/errors.ts";
export * from "./api/explain_query.ts";
export { type AnyKysely, kyselyOf } from "./contract/any_kysely.ts";
export type { ExecutorOf } from "./contract/executor_of.ts";
export type {
  AnyKyseraExecutor,
  KyseraExecutor,
  KyseraExecutorMarker,
  KyseraTransaction,
} from "./instance/executor_type.ts";
export type {
  ConnectionOptions,
  ControlledTransactionInstance,
  ExecutorConnectionBuilder,
  ExecutorControlledTransactionBuilder,
  ExecutorInstance,
  ExecutorTransactionBuilder,
  InstanceWith,
  PluginCarrier,
  PluginsOf,
  TransactionInstance,
  TransactionWith,
} from "./instance/instance_types.ts";
export type {
  Batch,
  BatchEntry,
  BatchOptions,
  BatchQuery,
  BatchResults,
  BatchRunner,
} from "./instance/batch_types.ts";
export * from "./api/assert_known_key.ts";
export * from "./api/find_column_types.ts";
export * from "./api/find_columns.ts";
export * from "./api/find_foreign_keys.ts";
export * from "./api/find_key.ts";
export * from "./api/key_list.ts";
export * from "./api/must_meet_one_row.ts";
export * from "./contract/find_tables.ts";
export * from "./api/bind_context.ts";
export * from "./api/get_context.ts";
export * from "./api/get_metadata.ts";
export * from "./api/get_plugin_hooks.ts";
export * from "./api/get_plugins.ts";
export * from "./api/get_raw_db.ts";
export * from "./api/get_system_db.ts";
export * from "./api/in_one_run.ts";
export * from "./api/is_kysera_executor.ts";
export * from "./api/join_transaction.ts";
export * from "./api/with_metadata.ts";
export * from "./api/physical_name.ts";
export * from "./contract/plugin.ts";
export type { TableHook } from "./contract/_hook_table.ts";
export * from "./contract/plugin_options.ts";
export {
  type ForeignKey,
  notUnique,
  type Relation,
  type RelationColumn,
  uniqueKeyIn,
} from "./contract/relation.ts";
export * from "./api/query_plan.ts";
export { SchemaTemplate, schemaTemplate } from "./instance/schema_template.ts";
export * from "./contract/resolve_plugin_order.ts";
export * from "./contract/row_selector.ts";
export * from "./contract/table_scope.ts";
export * from "./contract/validate_plugins.ts";
export { catalogHoldsValues, isCatalogTable } from "./tree/_catalog.ts";
export * from "./api/wrap_transaction.ts";
export * from "./api/write_transaction.ts";
