/**
 * `node:test` as Deno has it, with what it lacks: why a test is skipped is noted, and a test that says
 * no other fails after `KYSERA_TEST_LIMIT_MS`, as tests do on Node and Bun when their runner is told.
 *
 * @module
 */
import process from "node:process";
import * as real from "node:test";
import { note } from "./deno_notes.ts";

export { after, afterEach, before, beforeEach, mock, run } from "node:test";

type Register = typeof real.test;
// deno-lint-ignore no-explicit-any
type Arguments = any[];

const limit = Number(process.env["KYSERA_TEST_LIMIT_MS"]);

/** A function that registers tests, with its variants (`it.skip`), noting what it skips. */
function noting<F extends Register | typeof real.describe>(register: F, limitMs: number): F {
  const wrapped = (...args: Arguments): unknown => {
    const title = args.find((arg) => typeof arg === "string");
    const body = args.find((arg) => typeof arg === "function");
    const options = args.find((arg) => typeof arg === "object" && arg !== null) ?? {};
    if (typeof options.skip === "string" && title !== undefined) {
      note({ skipped: title, reason: options.skip });
    }
    if (body === undefined) return (register as (...args: Arguments) => unknown)(...args);
    const timeout = limitMs > 0 && options.timeout === undefined ? { timeout: limitMs } : {};
    return (register as (...args: Arguments) => unknown)(
      title ?? body.name,
      { ...options, ...timeout },
      body,
    );
  };
  return Object.assign(wrapped, register) as F;
}

/** See `node:test`. */
export const test: Register = noting(real.test, limit);
/** See `node:test`. */
export const it: Register = noting(real.it, limit);
/** See `node:test`. */
export const describe: typeof real.describe = noting(real.describe, 0);
/** See `node:test`. */
export const suite: typeof real.describe = noting(real.suite, 0);
/** `node:test` has one. */
export default test;
