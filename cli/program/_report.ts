import { BadRequestError, ConnectionError, NotFoundError, parseDatabaseError } from "@kysera/core";
import { ExecutorError, PluginValidationError, RawSqlError } from "@kysera/executor";
import { MigrationError, MigrationLockError, MigrationStateError } from "@kysera/migrations";
import { CliError } from "../contract/_cli_error.ts";
import { type ExitCode, ExitCodes } from "../contract/_exit_codes.ts";
import { fileFailure } from "../contract/_file_failure.ts";
import { messageOf } from "../contract/_message_of.ts";

/** What is told of a failure. */
export interface Report {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
}

/** What helps where the plugins of the configuration stand in the way. */
const WITHOUT_PLUGINS =
  "With `--url <connection URL>` migrations run on the database without the plugins of the " +
  "configuration.";

/** Says what to tell of whatever was thrown. */
export function reportOf(error: unknown): Report {
  if (error instanceof CliError) {
    const { code, message, hint, exitCode } = error;
    return { code, message, hint, exitCode };
  }
  if (error instanceof MigrationLockError) return migrationLock(error);
  if (error instanceof MigrationStateError) return migrationState(error);
  if (error instanceof MigrationError) return migrationFailure(error);
  if (error instanceof PluginValidationError || error instanceof RawSqlError) {
    const { code, message, docs } = error;
    const hint = `${WITHOUT_PLUGINS} See ${docs}`;
    return { code, message, hint, exitCode: ExitCodes.FAILED };
  }
  if (error instanceof BadRequestError || error instanceof NotFoundError) {
    return { code: error.code, message: error.message, hint: undefined, exitCode: ExitCodes.USAGE };
  }
  // A driver that opens a file fails by the words of the system, too.
  return fileFailure(error) ?? databaseFailure(error) ?? {
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
      : error.cause instanceof RawSqlError
      ? WITHOUT_PLUGINS
      : undefined,
    exitCode: isPartial ? ExitCodes.PARTIAL : ExitCodes.FAILED,
  };
}

function databaseFailure(error: unknown): Report | undefined {
  const parsed = parseDatabaseError(error);
  if (parsed.code === "DB_UNKNOWN") return undefined;
  const why = messageOf(error);
  const { code } = parsed;
  // The SQLite of Deno tells of a file that it cannot open by words alone.
  const told = /^unable to open database file/.test(why)
    ? fileOfSqlite(why, "")
    : parsed instanceof ConnectionError
    ? connectionFailure(parsed, why)
    : { message: why, hint: undefined };
  return { code, ...told, exitCode: ExitCodes.FAILED };
}

/** Says what kept the program from a database: the server, its answer, or a file. */
function connectionFailure(
  { code, message, sqlState, detail = "" }: ConnectionError,
  why: string,
): Pick<Report, "message" | "hint"> {
  const answer = `Cannot connect to the database: ${why}`;
  if (code === "DB_POOL_EXHAUSTED") return { message: `${message} (${why})`, hint: undefined };
  if (sqlState === "3D000" || detail === "errno 1049") {
    return {
      message: answer,
      hint: "Create the database, or name another one in the connection URL.",
    };
  }
  if (sqlState?.startsWith("28") === true) {
    return { message: answer, hint: "Are the user and the password of the connection URL right?" };
  }
  if (/^(?:SQLITE_|SQLite result code )/.test(detail)) return fileOfSqlite(why, detail);
  return {
    message: `${message} (${why})`,
    hint: "Is the server running, and is the connection URL right?",
  };
}

function fileOfSqlite(why: string, detail: string): Pick<Report, "message" | "hint"> {
  return {
    message: `Cannot open the database: ${why}`,
    hint: /(?:_NOTADB| 26)$/.test(detail)
      ? "Name a file of SQLite, or one that does not exist yet."
      : "Is the path right, and may this user read and write the file and its folder?",
  };
}
