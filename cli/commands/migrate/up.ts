import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, integer, text } from "../../contract/_options.ts";
import { assertMigration, openRunner, RUN_OPTIONS } from "./_open_runner.ts";
import { stepsOf } from "./_steps.ts";
import { runMigrations, UP } from "./_run.ts";

/** `kysera migrate up`. */
export const command: Command = defineCommand({
  options: {
    to: text("-t, --to <migration>", "the last that is applied"),
    steps: integer("--steps <number>", "how many are applied", { least: 1 }),
    count: integer("--count <number>", "the same as --steps", { least: 1 }),
    dryRun: flag("--dry-run", "show the statements, and change nothing"),
    ...RUN_OPTIONS,
  },
  examples: [
    ["kysera migrate up", "apply all"],
    ["kysera migrate up --steps 1", "apply the next one"],
    ["kysera migrate up --dry-run", "show what would be sent"],
    ["kysera migrate up --schema tenant_1", "apply all in a schema"],
  ],
  async run({ context, options }) {
    const steps = stepsOf(options);
    if (steps !== undefined && options.to !== undefined) {
      throw usageError("--to and --steps say different things: give one of them");
    }
    const opened = await openRunner(context, { ...options, writes: true });
    const { runner } = opened;
    if (options.to !== undefined) await assertMigration(runner, options.to);
    return await runMigrations(context, opened, async () => {
      if (options.to !== undefined) return await runner.upTo(options.to);
      if (steps === undefined) return await runner.up();
      const { pending } = await runner.status();
      const last = pending[Math.min(steps, pending.length) - 1];
      return last === undefined ? await runner.up() : await runner.upTo(last);
    }, UP);
  },
});
