import { BadRequestError } from "@kysera/core";
import { callable, checkOptions } from "../_options.ts";
import { signalOf } from "./_call.ts";
import type { Policy } from "./policy.ts";

/** Options of {@linkcode fallback}. */
export interface FallbackOptions {
  /** After which errors to answer in the work's place. Default: all. */
  readonly when?: ((error: unknown) => boolean) | undefined;
}

/**
 * Returns a policy that answers in the place of work that failed. Where the caller's signal was
 * aborted the error stays: nobody waits for an answer.
 *
 * @param answer makes the answer from the error
 * @param options see {@linkcode FallbackOptions}
 * @returns the policy
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { CircuitBreakerError, fallback } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * const policy = fallback(() => [], { when: (error) => error instanceof CircuitBreakerError });
 * const posts = await policy.execute((): string[] => {
 *   throw new CircuitBreakerError("the circuit is open");
 * });
 * assert.deepEqual(posts, []);
 * ```
 */
export function fallback<Extra>(
  answer: (error: unknown) => Extra | PromiseLike<Extra>,
  options: FallbackOptions = {},
): Policy<Extra> {
  if (typeof answer !== "function") {
    throw new BadRequestError("Cannot make a fallback: the first argument is not a function");
  }
  checkOptions("make a fallback", options, { when: callable });
  const { when = () => true } = options;
  return {
    async execute(fn, call = {}) {
      const signal = signalOf("run with a fallback", fn, call);
      try {
        return await fn({ signal });
      } catch (error) {
        if (signal.aborted || !when(error)) throw error;
        return await answer(error);
      }
    },
  };
}
