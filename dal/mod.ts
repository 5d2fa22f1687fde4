/**
 * The functional data access layer: queries as functions that take their context, composed without
 * classes, with the plugins of the executor that they run on.
 *
 * @module
 */
export * from "./compose.ts";
export * from "./context.ts";
export * from "./create_query.ts";
export * from "./errors.ts";
export * from "./plan_cache.ts";
export * from "./prepare_query.ts";
export * from "./with_transaction.ts";
export {
  type AnyKyseraExecutor,
  type KyseraExecutor,
  type KyseraTransaction,
  type Plugin,
  PluginValidationError,
} from "@kysera/executor";
