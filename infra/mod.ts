/**
 * Health checks, retries, circuit breakers, shutdown: what a service needs round its database.
 *
 * @module
 */
export * from "./clock/clock.ts";
export * from "./clock/fake_clock.ts";
export * from "./health/mod.ts";
export * from "./pool/mod.ts";
export * from "./replicas/mod.ts";
export * from "./resilience/mod.ts";
export * from "./shutdown/mod.ts";
export * from "./signals/mod.ts";
export * from "./tenants/mod.ts";
export type * from "./former_names.ts";
