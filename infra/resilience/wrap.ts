import { BadRequestError } from "@kysera/core";
import { signalOf } from "./_call.ts";
import type { ExtraOf, Policy, PolicyContext } from "./policy.ts";

/**
 * Composes policies, the outermost first. A good order: fallback, retry, breaker, bulkhead, timeout:
 * each attempt passes the breaker and has its own time.
 *
 * @param policies the policies
 * @returns one policy
 * @throws {BadRequestError} where one is not a policy
 *
 * @example
 * ```ts
 * import { bulkhead, CircuitBreaker, fallback, retryPolicy, timeoutPolicy, wrap } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const policy = wrap(
 *   fallback(() => undefined),
 *   retryPolicy({ maxAttempts: 3, delayMs: 50 }),
 *   new CircuitBreaker({ threshold: 5, resetTimeout: 30_000 }),
 *   bulkhead({ limit: 10, queue: 20 }),
 *   timeoutPolicy(2_000),
 * );
 * const answer: number | undefined = await policy.execute(() => 42);
 * assert.equal(answer, 42);
 * ```
 */
export function wrap<P extends readonly Policy<unknown>[]>(
  ...policies: P
): Policy<ExtraOf<P[number]>> {
  for (const policy of policies) {
    if (typeof policy?.execute === "function") continue;
    throw new BadRequestError("Cannot wrap policies: one of them has no execute()");
  }
  return {
    async execute<T>(
      fn: (context: PolicyContext) => T | PromiseLike<T>,
      call = {},
    ): Promise<T | ExtraOf<P[number]>> {
      const signal = signalOf("run with policies", fn, call);
      let run: (context: PolicyContext) => unknown = fn;
      for (const policy of [...policies].reverse()) {
        const inner = run;
        run = (context) => policy.execute(inner, { signal: context.signal });
      }
      // Each policy answers with what it runs returns, or with its own Extra.
      return await run({ signal }) as T | ExtraOf<P[number]>;
    },
  };
}
