/**
 * The end of a service's use of its database, in order: readiness, refusal of new work, what is in
 * flight, plugins, the pool.
 *
 * @module
 */
export * from "./create_graceful_shutdown.ts";
export * from "./create_shutdown_controller.ts";
export * from "./errors.ts";
export * from "./execute_with_shutdown.ts";
export {
  GracefulShutdown,
  type ShutdownOptions,
  type ShutdownPhase,
  type ShutdownReport,
  type ShutdownWork,
} from "./graceful_shutdown.ts";
export * from "./shutdown_database.ts";
