import type { Kysely } from "kysely";
import type { BatchOptions, BatchProgress } from "../batch.ts";
import type { PlannedStatement } from "../results.ts";

/** The options with their defaults. */
export interface BatchTask extends Pick<BatchOptions, "table" | "run" | "onProgress" | "signal"> {
  readonly columns: readonly string[];
  readonly size: number;
  readonly throttle: number;
  /** Whether no plugin sees them. */
  readonly pastPlugins: boolean;
}

/** Runs batches as part of a migration. */
export type BatchRunner = (task: BatchTask) => Promise<BatchProgress>;

const RUNNERS: WeakMap<Kysely<any>, BatchRunner> = new WeakMap();

/** Says how batches run that are given a Kysely. */
export function noteBatchRunner(db: Kysely<any>, runner: BatchRunner): void {
  RUNNERS.set(db, runner);
}

/** Returns how batches run that are given a Kysely; `undefined` where they cannot. */
export function batchRunnerOf(db: Kysely<any>): BatchRunner | undefined {
  return RUNNERS.get(db);
}

/** What stands for batches in a plan, and among the statements of a migration. */
export function statementOf({ table, columns }: BatchTask): PlannedStatement {
  return { sql: `-- batches of "${table}" by "${columns.join('", "')}"`, parameters: [] };
}
