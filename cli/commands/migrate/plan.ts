import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag, text } from "../../contract/_options.ts";
import { assertMigration, openRunner, RUN_OPTIONS } from "./_open_runner.ts";
import { resultOf, runMigrations, UP } from "./_run.ts";

/** `kysera migrate plan`. */
export const command: Command = defineCommand({
  description:
    "A user who may only read can do it. Exits with 3 where the plan ends before its last migration,\n" +
    "because what comes next depends on what the statements before it would have done.",
  options: {
    to: text("-t, --to <migration>", "the last that would be applied"),
    rehearse: flag("--rehearse", "run it for real, in one transaction that is rolled back"),
    ...RUN_OPTIONS,
  },
  examples: [
    ["kysera migrate plan", "show what `up` would send"],
    ["kysera migrate plan --rehearse", "find what would fail; it takes the same locks"],
  ],
  async run({ context, options }) {
    if (options.rehearse) {
      if (options.to !== undefined) throw usageError("--rehearse runs all: leave --to out");
      const opened = await openRunner(context, { ...options, writes: false });
      return await runMigrations(context, opened, () => opened.runner.rehearse(), {
        done: "Rehearsed",
        would: "apply",
        nothing: UP.nothing,
      });
    }
    const { runner } = await openRunner(context, { ...options, writes: false, dryRun: true });
    if (options.to !== undefined) await assertMigration(runner, options.to);
    const result = options.to === undefined ? await runner.up() : await runner.upTo(options.to);
    const isWhole = result.plan?.every(({ endsBecause }) => endsBecause === undefined) ?? true;
    return {
      ...resultOf(result, UP, context),
      exitCode: isWhole ? ExitCodes.OK : ExitCodes.FINDINGS,
    };
  },
});
