import { MigrationError, type MigrationResult } from "@kysera/migrations";
import { CliError } from "../../contract/_cli_error.ts";
import type { CommandResult } from "../../program/_command.ts";
import type { Context } from "../../program/_context.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { messageOf } from "../../contract/_message_of.ts";
import type { OpenedRunner } from "./_open_runner.ts";
import { planText } from "./_plan_text.ts";

/** How the result of a run is told. */
export interface RunWords {
  /** What was done: `Applied`. */
  readonly done: string;
  /** What would be done: `apply`. */
  readonly would: string;
  /** Said where there was nothing to do. */
  readonly nothing: string;
}

/** The words for migrations that are applied. */
export const UP: RunWords = { done: "Applied", would: "apply", nothing: "Nothing to apply" };
/** The words for migrations that are undone. */
export const DOWN: RunWords = { done: "Undid", would: "undo", nothing: "Nothing to undo" };

/**
 * Runs migrations so that an interruption leaves none half done, and says what was done.
 *
 * @throws {CliError} if one stopped halfway
 */
export async function runMigrations(
  context: Context,
  { runner }: OpenedRunner,
  work: () => Promise<MigrationResult>,
  words: RunWords,
): Promise<CommandResult> {
  try {
    return resultOf(await context.finishFirst(work), words, context);
  } catch (error) {
    if (error instanceof MigrationError) await refineFailure(error, runner);
    throw error;
  }
}

/** Says what a run did. */
export function resultOf(
  result: MigrationResult,
  words: RunWords,
  context: Context,
): CommandResult {
  const { executed, plan, dryRun } = result;
  const { bold } = context.colors;
  const count = `${executed.length} ${executed.length === 1 ? "migration" : "migrations"}`;
  const title = executed.length === 0
    ? words.nothing
    : bold(dryRun ? `Would ${words.would} ${count}:` : `${words.done} ${count}:`);
  const lines = plan === undefined
    ? executed.map((name) => `  ${name}`)
    : plan.map((migration) => planText(migration, context.colors));
  return { data: result, text: [title, ...lines].join("\n") };
}

/**
 * Throws the error of a migration that is left halfway: those after it cannot run before it is
 * resumed or repaired.
 */
async function refineFailure(
  error: MigrationError,
  runner: OpenedRunner["runner"],
): Promise<void> {
  const problems = await runner.status().then((status) => status.problems, () => []);
  if (!problems.some(({ kind }) => kind === "failed")) return;
  const { appliedStatements: applied, cause } = error;
  const why = cause === undefined || error.message.includes(messageOf(cause))
    ? ""
    : `: ${messageOf(cause)}`;
  throw new CliError("MIGRATION_UP_FAILED", ExitCodes.PARTIAL, `${error.message}${why}`, {
    hint: `${applied} of its statements ${applied === 1 ? "is" : "are"} applied. Mend it and run ` +
      "`kysera migrate resume`, or undo them by hand and run `kysera migrate repair`.",
    cause: error,
  });
}
