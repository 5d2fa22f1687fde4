/**
 * Signals of the operating system, as the beginning of a shutdown.
 *
 * @example
 * ```ts
 * import { registerShutdownHandlers } from "@kysera/infra/signals";
 * import process from "node:process";
 *
 * const unregister = registerShutdownHandlers({ shutdown: async () => {} }, { from: process });
 * unregister();
 * ```
 *
 * @module
 */
export * from "./register_shutdown_handlers.ts";
