import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, integer } from "../../contract/_options.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { openRunner, RUN_OPTIONS } from "./_open_runner.ts";
import { runMigrations } from "./_run.ts";

/** `kysera migrate redo`. */
export const command: Command = defineCommand({
  description: "It has to be confirmed where the database looks like one of production.",
  options: {
    steps: integer("--steps <number>", "how many", { least: 1, default: 1 }),
    dryRun: flag("--dry-run", "show the statements, and change nothing"),
    ...RUN_OPTIONS,
    ...CONFIRM_OPTIONS,
  },
  examples: [["kysera migrate redo", "try the last one again, while it is being written"]],
  async run({ context, options }) {
    if (!options.dryRun) {
      await confirmDestruction(context, options, {
        what: "This undoes migrations, and applies them again",
        isHarmless: true,
      });
    }
    const opened = await openRunner(context, { ...options, writes: true });
    return await runMigrations(context, opened, () => opened.runner.redo(options.steps), {
      done: "Undid and applied",
      would: "undo and apply",
      nothing: "Nothing to do again",
    });
  },
});
