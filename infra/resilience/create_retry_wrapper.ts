import { BadRequestError } from "@kysera/core";
import { isOpenTransaction } from "./_open_transaction.ts";
import { RetryInTransactionError } from "./errors.ts";
import { checkRetryOptions, type RetryOptions, withRetry } from "./with_retry.ts";

/**
 * Creates a function that retries another one, as {@linkcode withRetry} does. Called with a
 * transaction, or a context of one, it refuses: only the whole transaction can be run again.
 *
 * @param fn the function
 * @param options see {@linkcode RetryOptions}
 * @returns a function with the same parameters
 * @throws {BadRequestError} for an unknown option
 *
 * @example
 * ```ts
 * import { createRetryWrapper } from "@kysera/infra";
 * import assert from "node:assert/strict";
 *
 * let calls = 0;
 * const find = createRetryWrapper((id: number) => {
 *   calls++;
 *   if (calls === 1) throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
 *   return { id };
 * }, { maxAttempts: 5, delayMs: 5 });
 *
 * assert.deepEqual(await find(7), { id: 7 });
 * // What stands for a transaction of Kysely here says that it is one.
 * const late = createRetryWrapper((_: { isTransaction: true }) => {});
 * await assert.rejects(() => late({ isTransaction: true }), /inside an open transaction/);
 * ```
 */
export function createRetryWrapper<Args extends unknown[], T>(
  fn: (...args: Args) => T | PromiseLike<T>,
  options: RetryOptions = {},
): (...args: Args) => Promise<T> {
  if (typeof fn !== "function") {
    throw new BadRequestError("Cannot make a function that retries: the first argument is none");
  }
  checkRetryOptions(options);
  return async (...args) => {
    if (args.some(isOpenTransaction)) throw new RetryInTransactionError();
    return await withRetry(() => fn(...args), options);
  };
}
