/**
 * Repositories: tables as collections of entities, with validation, keys of any shape, paging, and
 * the plugins of their executor.
 *
 * @module
 */
export type { CursorPage, OffsetPage } from "./_pages.ts";
export * from "./aggregates.ts";
export * from "./atomic_status_transition.ts";
export { bigint, date, enumArray, json, type JsonValue } from "./codecs.ts";
export * from "./coded.ts";
export * from "./context_aware_repository.ts";
export * from "./create_base_repository.ts";
export * from "./create_orm.ts";
export {
  createRepository,
  type ExecutorMembers,
  type OnExecutor,
  type RepositoryOf,
  type RepositoryWith,
} from "./create_repository.ts";
export * from "./create_repository_factory.ts";
export * from "./create_table_operations.ts";
export * from "./create_validator.ts";
export { describeRepository, type RepositoryDescription } from "./describe_repository.ts";
export * from "./errors.ts";
export * from "./find_codecs.ts";
export * from "./fits.ts";
export * from "./is_valid_row.ts";
export * from "./json_where.ts";
export type { Loader } from "./loader.ts";
export {
  type CompositeKeyValue,
  type DialectConfig,
  extractPrimaryKey,
  getPrimaryKeyColumns,
  isCompositeKey,
  normalizePrimaryKeyConfig,
  normalizePrimaryKeyInput,
  type PrimaryKeyColumn,
  type PrimaryKeyConfig,
  type PrimaryKeyInput,
  type PrimaryKeyTypeHint,
  type PrimaryKeyValue,
} from "./primary_key.ts";
export {
  defineRelations,
  type RelationOptions,
  type Relations,
  type RowsOf,
  type WhereOptions,
  type WithRelated,
} from "./relations/define_relations.ts";
export type * from "./relations/related_repository.ts";
export type * from "./relations/types.ts";
export * from "./schema_adapters.ts";
export * from "./standard_schema.ts";
export * from "./types.ts";
export * from "./upsert.ts";
export * from "./write_options.ts";
export type { Comparison, DollarComparison, Where } from "./where.ts";
export {
  type AnyKyseraExecutor,
  type KyseraExecutor,
  type Plugin,
  PluginValidationError,
  type QueryBuilderContext,
  resolvePluginOrder,
  validatePlugins,
} from "@kysera/executor";
export type { Dialect, Executor } from "@kysera/core";
export type * from "./former_names.ts";
