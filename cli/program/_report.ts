import { BadRequestError, NotFoundError, parseDatabaseError } from "@kysera/core";
import { ExecutorError } from "@kysera/executor";
import { MigrationError, MigrationLockError, MigrationStateError } from "@kysera/migrations";
import { CliError } from "../contract/_cli_error.ts";
import { type ExitCode, ExitCodes } from "../contract/_exit_codes.ts";
import { messageOf } from "../contract/_message_of.ts";

/** What is told of a failure. */
export interface Report {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
}

/** Says what to tell of whatever was thrown. */
export function reportOf(error: unknown): Report {
  if (error instanceof CliError) {
    const { code, message, hint, exitCode } = error;
    return { code, message, hint, exitCode };
  }
  if (error instanceof MigrationLockError) return migrationLock(error);
  if (error instanceof MigrationStateError) return migrationState(error);
  if (error instanceof MigrationError) return migrationFailure(error);
  if (error instanceof BadRequestError || error instanceof NotFoundError) {
    return { code: error.code, message: error.message, hint: undefined, exitCode: ExitCodes.USAGE };
  }
  return databaseFailure(error) ?? {
    code: "CLI_FAILED",
    message: messageOf(error),
    hint: error instanceof ExecutorError ? `See ${error.docs}` : undefined,
    exitCode: ExitCodes.FAILED,
  };
}

function migrationLock(error: MigrationLockError): Report {
  return {
    code: error.code,
    message: error.message,
    hint: "If the holder is dead, run `kysera migrate unlock`.",
    exitCode: ExitCodes.LOCKED,
  };
}

function migrationState({ code, message, problems }: MigrationStateError): Report {
  const isHalfway = problems.some(({ kind }) => kind === "failed");
  const isUnordered = problems.every(({ kind }) => kind === "unknown" || kind === "out-of-order");
  return {
    code,
    message,
    hint: isHalfway
      ? "Run `kysera migrate resume` to go on, or `kysera migrate repair` when it is undone by hand."
      : isUnordered
      ? "Run it with `--policy allow-unordered` if that is meant."
      : "Run `kysera migrate repair` if the change is meant.",
    exitCode: isHalfway ? ExitCodes.PARTIAL : ExitCodes.REFUSED,
  };
}

function migrationFailure(error: MigrationError): Report {
  const isPartial = error.appliedStatements > 0;
  const why = error.cause === undefined ? "" : messageOf(error.cause);
  const message = error.message.includes(why) ? error.message : `${error.message}: ${why}`;
  return {
    code: error.code,
    message,
    hint: isPartial
      ? `${error.appliedStatements} of its statements are applied: mend the migration and run ` +
        "`kysera migrate resume`."
      : undefined,
    exitCode: isPartial ? ExitCodes.PARTIAL : ExitCodes.FAILED,
  };
}

function databaseFailure(error: unknown): Report | undefined {
  const parsed = parseDatabaseError(error);
  if (parsed.code === "DB_UNKNOWN") return undefined;
  const why = messageOf(error);
  const isConnection = parsed.code === "DB_CONNECTION_FAILED";
  return {
    code: parsed.code,
    message: isConnection ? `${parsed.message} (${why})` : why,
    hint: isConnection ? "Is the server running, and is the connection URL right?" : undefined,
    exitCode: ExitCodes.FAILED,
  };
}
