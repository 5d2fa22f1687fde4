import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, integer, text } from "../../contract/_options.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { assertMigration, openRunner, RUN_OPTIONS } from "./_open_runner.ts";
import { DOWN, runMigrations } from "./_run.ts";
import { stepsOf } from "./_steps.ts";

/** `kysera migrate down`. */
export const command: Command = defineCommand({
  description: "It has to be confirmed where the database looks like one of production.",
  options: {
    steps: integer("--steps <number>", "how many are undone; 1 by default", { least: 1 }),
    count: integer("--count <number>", "the same as --steps", { least: 1 }),
    to: text("-t, --to <migration>", "the last that stays applied"),
    all: flag("--all", "undo all"),
    dryRun: flag("--dry-run", "show the statements, and change nothing"),
    ...RUN_OPTIONS,
    ...CONFIRM_OPTIONS,
  },
  examples: [
    ["kysera migrate down", "undo the last one"],
    ["kysera migrate down --steps 3", "undo the last three"],
    ["kysera migrate down --to 001_users", "undo all that came after one"],
  ],
  async run({ context, options }) {
    const { to, all, dryRun } = options;
    const steps = stepsOf(options);
    if ([to !== undefined, steps !== undefined, all].filter(Boolean).length > 1) {
      throw usageError("--to, --steps and --all say different things: give one of them");
    }
    if (!dryRun) {
      await confirmDestruction(context, options, {
        what: "This undoes migrations",
        isHarmless: true,
      });
    }
    const opened = await openRunner(context, { ...options, writes: true });
    const { runner } = opened;
    if (to !== undefined) await assertMigration(runner, to, { isApplied: true });
    return await runMigrations(context, opened, async () => {
      if (to !== undefined) return await runner.downTo(to);
      return all ? await runner.reset() : await runner.down(steps ?? 1);
    }, DOWN);
  },
});
