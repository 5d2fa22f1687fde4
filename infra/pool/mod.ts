/**
 * How pools of connections are used, whichever driver they are of.
 *
 * @module
 */
export * from "./create_metrics_pool.ts";
export * from "./get_pool_metrics.ts";
export * from "./is_metrics_pool.ts";
export * from "./pool_metrics.ts";
