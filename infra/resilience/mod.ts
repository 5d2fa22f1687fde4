/**
 * Calls that fail, and what to do about it: retries, circuit breakers, timeouts, bulkheads, fallbacks.
 *
 * @example
 * ```ts
 * import { CircuitBreaker, withRetry } from "@kysera/infra/resilience";
 *
 * const breaker = new CircuitBreaker({ threshold: 5, resetTimeout: 60_000 });
 * await withRetry(() => breaker.execute(() => "data"), { maxAttempts: 3, backoff: "exponential" });
 * ```
 *
 * @module
 */
export * from "./bulkhead.ts";
export * from "./circuit_breaker.ts";
export * from "./create_retry_wrapper.ts";
export * from "./errors.ts";
export * from "./fallback.ts";
export * from "./is_outage_error.ts";
export * from "./is_transient_error.ts";
export * from "./policy.ts";
export * from "./retry_budget.ts";
export * from "./retry_policy.ts";
export * from "./timeout_policy.ts";
export {
  type Backoff,
  type Jitter,
  type RetryContext,
  type RetryOptions,
  withRetry,
} from "./with_retry.ts";
export { type TimeoutOptions, withTimeout } from "./with_timeout.ts";
export * from "./wrap.ts";
