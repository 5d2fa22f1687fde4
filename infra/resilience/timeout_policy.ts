import { anySignal } from "../_abort.ts";
import { signalOf } from "./_call.ts";
import type { Policy } from "./policy.ts";
import { checkTimeoutOptions, type TimeoutOptions, withTimeout } from "./with_timeout.ts";

/**
 * Creates a policy that does what {@linkcode withTimeout} does, to compose with others.
 *
 * @param timeout how long a call is given, in ms
 * @param options see {@linkcode TimeoutOptions}
 * @returns the policy
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { timeoutPolicy } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * assert.equal(await timeoutPolicy(1_000).execute(() => "done"), "done");
 * ```
 */
export function timeoutPolicy(timeout: number, options: TimeoutOptions = {}): Policy {
  checkTimeoutOptions(timeout, options);
  return {
    async execute(fn, call = {}) {
      const signal = anySignal(signalOf("run with a timeout", fn, call), options.signal);
      return await withTimeout(fn, timeout, { ...options, signal });
    },
  };
}
