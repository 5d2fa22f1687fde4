import type { MigrationResult } from "../results.ts";

/** What a run has done so far. */
export class RunLog {
  readonly #start = performance.now();
  readonly executed: string[] = [];
  readonly failed: string[] = [];
  skipped: string[] = [];

  /** Returns it as it is now. */
  result(dryRun = false): MigrationResult {
    return {
      executed: [...this.executed],
      skipped: [...this.skipped],
      failed: [...this.failed],
      duration: performance.now() - this.#start,
      dryRun,
    };
  }
}
