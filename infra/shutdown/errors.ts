/**
 * The errors of shutting down.
 *
 * @module
 */
import type { ErrorCode } from "@kysera/core";
import { RefusedError } from "../resilience/errors.ts";
import type { ShutdownReport } from "./graceful_shutdown.ts";

/** Work came when the service was shutting down, or ran for longer than the shutdown could wait. */
export class ShutdownError extends RefusedError {
  static {
    this.prototype.name = "ShutdownError";
  }

  /** Whether the work had begun: it was then cancelled, and what it did may have taken effect. */
  readonly begun: boolean;

  /**
   * @param begun whether the work had begun
   */
  constructor(begun: boolean) {
    super(
      begun
        ? "Cannot finish the work: the service is shutting down, and has waited long enough"
        : "Cannot begin work: the service is shutting down",
      "DB_CONNECTION_FAILED" satisfies ErrorCode,
    );
    this.begun = begun;
  }
}

/** Something failed while a service shut down; everything was tried all the same. */
export class ShutdownFailedError extends AggregateError {
  static {
    this.prototype.name = "ShutdownFailedError";
  }

  /** How the shutdown went. */
  readonly report: ShutdownReport;

  /**
   * @param errors what failed
   * @param report how the shutdown went
   */
  constructor(errors: readonly unknown[], report: ShutdownReport) {
    super(errors, `Cannot shut down cleanly: ${errors.length} of the steps failed`);
    this.report = report;
  }
}
