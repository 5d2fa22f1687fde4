import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { findSeeds } from "../../seeds/_find_seeds.ts";
import { runSeeds } from "../../seeds/_run_seeds.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { openRunner, RUN_OPTIONS } from "./_open_runner.ts";
import { DOWN, runMigrations, UP } from "./_run.ts";

/** `kysera migrate reset`. */
export const command: Command = defineCommand({
  description: "It has to be confirmed.",
  options: {
    run: flag("--run", "apply them again"),
    seed: flag("--seed", "run the seeds afterwards; only with --run"),
    ...RUN_OPTIONS,
    ...CONFIRM_OPTIONS,
  },
  examples: [
    ["kysera migrate reset", "undo all"],
    ["kysera migrate reset --run --yes --confirm app.db", "undo all and apply all, in a script"],
  ],
  async run({ context, options }) {
    if (options.seed && !options.run) throw usageError("--seed needs --run");
    await confirmDestruction(context, options, { what: "This undoes every migration" });
    const opened = await openRunner(context, { ...options, writes: true });
    const undone = await runMigrations(context, opened, () => opened.runner.reset(), DOWN);
    if (!options.run) return undone;
    const applied = await runMigrations(context, opened, () => opened.runner.up(), UP);
    const { db } = opened.connection;
    const seeded = options.seed
      ? await runSeeds(context, db, findSeeds((await context.settings()).seeds, undefined), false)
      : [];
    return {
      data: { undone: undone.data, applied: applied.data, seeded },
      text: `${undone.text}\n${applied.text}`,
    };
  },
});
