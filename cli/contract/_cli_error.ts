import { type ExitCode, ExitCodes } from "./_exit_codes.ts";

/** What is known of a failure beside its message. */
export interface CliErrorDetails {
  /** What to do about it: a sentence, or the line to run. */
  readonly hint?: string | undefined;
  /** What was thrown. */
  readonly cause?: unknown;
}

/** A failure that the program explains itself: its message is shown as it is. */
export class CliError extends Error {
  /** The kind of failure; it does not change between versions. */
  readonly code: string;
  /** What the process exits with. */
  readonly exitCode: ExitCode;
  /** What to do about it. */
  readonly hint: string | undefined;

  static {
    this.prototype.name = "CliError";
  }

  constructor(code: string, exitCode: ExitCode, message: string, details: CliErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.exitCode = exitCode;
    this.hint = details.hint;
  }
}

/** Returns the error for a command line, or a configuration, that is wrong. */
export function usageError(message: string, details?: CliErrorDetails): CliError {
  return new CliError("CLI_USAGE", ExitCodes.USAGE, message, details);
}

/** Returns the error for something that did not work. */
export function failure(message: string, details?: CliErrorDetails): CliError {
  return new CliError("CLI_FAILED", ExitCodes.FAILED, message, details);
}

/** Returns the error for something that the program refuses to do. */
export function refusal(message: string, details?: CliErrorDetails): CliError {
  return new CliError("CLI_REFUSED", ExitCodes.REFUSED, message, details);
}

/** Returns the error for a process that was interrupted. */
export function interruption(): CliError {
  return new CliError("CLI_INTERRUPTED", ExitCodes.INTERRUPTED, "Interrupted");
}
