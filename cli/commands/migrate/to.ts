import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { assertMigration, openRunner, RUN_OPTIONS } from "./_open_runner.ts";
import { DOWN, runMigrations, UP } from "./_run.ts";

/** `kysera migrate to`. */
export const command: Command = defineCommand({
  description: "What is not applied up to it is applied; otherwise what came after it is undone.",
  arguments: [{ name: "migration", description: "the last that is applied in the end" }],
  options: {
    dryRun: flag("--dry-run", "show the statements, and change nothing"),
    ...RUN_OPTIONS,
    ...CONFIRM_OPTIONS,
  },
  examples: [["kysera migrate to 002_posts", "have 002_posts as the last that is applied"]],
  async run({ context, args, options }) {
    const name = args[0]!;
    const opened = await openRunner(context, { ...options, writes: true });
    const { runner } = opened;
    const { executed, pending } = await runner.status();
    if (pending.includes(name)) {
      return await runMigrations(context, opened, () => runner.upTo(name), UP);
    }
    await assertMigration(runner, name);
    if (!options.dryRun && executed.at(-1) !== name) {
      await confirmDestruction(context, options, {
        what: "This undoes migrations",
        isHarmless: true,
      });
    }
    return await runMigrations(context, opened, () => runner.downTo(name), DOWN);
  },
});
