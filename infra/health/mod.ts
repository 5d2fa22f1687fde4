/**
 * Whether a database is there, how soon it answers, and how its pool is used.
 *
 * @module
 */
export * from "./check_database_health.ts";
export * from "./create_health_handlers.ts";
export * from "./get_metrics.ts";
export * from "./has_database_metrics.ts";
export type {
  HealthCheck,
  HealthCheckResult,
  HealthMetrics,
  HealthStatus,
} from "./health_check_result.ts";
export * from "./health_monitor.ts";
export { type HealthCheckOptions, performHealthCheck } from "./perform_health_check.ts";
