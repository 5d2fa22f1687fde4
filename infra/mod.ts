/**
 * Health checks, retries, circuit breakers, shutdown: what a service needs round its database.
 *
 * @module
 */
export {};
