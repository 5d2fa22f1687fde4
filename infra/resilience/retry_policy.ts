import { anySignal } from "../_abort.ts";
import { signalOf } from "./_call.ts";
import type { Policy } from "./policy.ts";
import { checkRetryOptions, type RetryOptions, withRetry } from "./with_retry.ts";

/**
 * Creates a policy that does what {@linkcode withRetry} does, to compose with others.
 *
 * @param options see {@linkcode RetryOptions}
 * @returns the policy
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { retryPolicy, timeoutPolicy, wrap } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const policy = wrap(retryPolicy({ maxAttempts: 2 }), timeoutPolicy(1_000));
 * assert.equal(await policy.execute(() => "done"), "done");
 * ```
 */
export function retryPolicy(options: RetryOptions = {}): Policy {
  checkRetryOptions(options);
  return {
    async execute(fn, call = {}) {
      const signal = anySignal(signalOf("retry", fn, call), options.signal);
      return await withRetry((context) => fn(context), { ...options, signal });
    },
  };
}
