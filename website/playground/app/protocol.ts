import type { RunOptions, RunOutcome } from "../runtime/run/run_program.ts";
import type { ShownError } from "../runtime/run/shown.ts";

/** The TypeScript in the editor. */
export interface Files {
  readonly schema: string;
  readonly plugins: string;
  readonly query: string;
}

/** The databases that programs can be run on. */
export type EngineName = "sqlite" | "postgres";

/** What is asked of the worker. */
export interface RunRequest {
  readonly id: number;
  readonly files: Files;
  readonly options: RunOptions;
}

/** A program that could not be run, and where the reason is if that is known. */
export interface RunFailure {
  readonly error: ShownError;
  readonly file: keyof Files | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

/** What the worker says. */
export type WorkerMessage =
  | { readonly type: "opened"; readonly duration: number }
  | { readonly type: "unavailable"; readonly reason: string }
  | { readonly type: "started"; readonly id: number }
  | {
    readonly type: "finished";
    readonly id: number;
    readonly outcome: RunOutcome;
    readonly output: readonly string[];
  }
  | { readonly type: "failed"; readonly id: number; readonly failure: RunFailure };
