/**
 * Names of version 0.7.
 *
 * @module
 */
import type { MetricsOptions } from "./health/get_metrics.ts";
import type { HealthListener } from "./health/health_monitor.ts";
import type { ShutdownHandlerOptions } from "./signals/register_shutdown_handlers.ts";

/** @deprecated Use {@linkcode MetricsOptions}. */
export type GetMetricsOptions = MetricsOptions;

/** @deprecated Use {@linkcode HealthListener}. */
export type HealthCheckCallback = HealthListener;

/** @deprecated Use {@linkcode ShutdownHandlerOptions}. */
export type RegisterShutdownOptions = ShutdownHandlerOptions;
