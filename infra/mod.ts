/**
 * Health checks, retries, circuit breakers, shutdown: what a service needs round its database.
 *
 * @module
 */
export * from "./clock/clock.ts";
export * from "./clock/fake_clock.ts";
export * from "./resilience/mod.ts";
