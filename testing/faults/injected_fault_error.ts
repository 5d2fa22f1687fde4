import type { DriverCall } from "./fault_plan.ts";

/**
 * What a driver call throws where a fault was injected.
 *
 * @example
 * ```ts
 * import { InjectedFaultError } from "@kysera/testing";
 * import assert from "node:assert/strict";
 *
 * const error = new InjectedFaultError("cut", { number: 2, kind: "commit", sql: "commit" });
 * assert.equal(error.message, "The connection was cut at driver call 2 (commit), on purpose");
 * assert.equal(error.code, "ECONNRESET");
 * ```
 */
export class InjectedFaultError extends Error {
  static {
    this.prototype.name = "InjectedFaultError";
  }

  /** `"ECONNRESET"` for a connection that was cut, as sockets have it. */
  readonly code: "ECONNRESET" | "KYSERA_INJECTED_FAULT";
  /** The call. */
  readonly call: DriverCall;

  /**
   * @param how what happened to the call
   * @param call the call
   */
  constructor(how: "fail" | "cut", call: DriverCall) {
    const what = how === "cut" ? "The connection was cut at driver" : "The database refused driver";
    super(`${what} call ${call.number} (${call.kind}), on purpose`);
    this.code = how === "cut" ? "ECONNRESET" : "KYSERA_INJECTED_FAULT";
    this.call = call;
  }
}
