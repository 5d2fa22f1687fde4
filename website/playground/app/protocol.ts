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

/** A program that could not be run. */
export interface RunFailure {
  readonly error: ShownError;
  /** The file whose syntax is wrong; `undefined` for other errors. */
  readonly file: keyof Files | undefined;
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
