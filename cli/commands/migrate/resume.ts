import { type Command, defineCommand } from "../../program/_command.ts";
import { integer } from "../../contract/_options.ts";
import { openRunner, RUN_OPTIONS } from "./_open_runner.ts";
import { runMigrations } from "./_run.ts";

/** `kysera migrate resume`. */
export const command: Command = defineCommand({
  description: "Its statements that are applied are skipped.",
  options: {
    from: integer("--from <number>", "take so many statements for applied"),
    ...RUN_OPTIONS,
  },
  examples: [
    ["kysera migrate resume", "go on behind the last statement that is applied"],
    ["kysera migrate resume --from 3", "go on with the fourth statement"],
  ],
  async run({ context, options }) {
    const opened = await openRunner(context, { ...options, writes: true });
    const { from } = options;
    return await runMigrations(context, opened, () => opened.runner.resume({ from }), {
      done: "Finished",
      would: "finish",
      nothing: "No migration stopped halfway",
    });
  },
});
