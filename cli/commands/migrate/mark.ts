import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { assertMigration, HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate mark`. */
export const command: Command = defineCommand({
  description: "For what was applied or undone by hand, or by a script of `kysera migrate sql`.",
  arguments: [{ name: "migration", description: "its name", isOptional: true }],
  options: {
    applied: flag("--applied", "it is applied"),
    notApplied: flag("--not-applied", "it is not applied"),
    all: flag("--all", "every migration of the code"),
    ...HISTORY_OPTIONS,
  },
  examples: [
    ["kysera migrate mark 001_users --applied", "record one as applied"],
    ["kysera migrate mark --all --applied", "record all, on a database that has them already"],
    ["kysera migrate mark 001_users --not-applied", "have the next `up` apply it"],
  ],
  async run({ context, args: [name], options }) {
    const { applied, notApplied, all } = options;
    if (applied === notApplied) throw usageError("Give either --applied or --not-applied");
    if (all === (name !== undefined)) throw usageError("Give either a migration or --all");
    const { runner } = await openRunner(context, { ...options, writes: true });
    if (name !== undefined) await assertMigration(runner, name);
    const { executed, pending } = await runner.status();
    const from = applied ? pending : executed;
    const marked = from.filter((each) => all || each === name);
    await context.finishFirst(async () => {
      for (const each of marked) {
        if (applied) await runner.markAsExecuted(each);
        else await runner.markAsRolledBack(each);
      }
    });
    const state = applied ? "applied" : "not applied";
    return {
      data: { marked, applied },
      text: marked.length === 0
        ? `Nothing to mark: it is ${state} already`
        : `Marked as ${state}:\n${marked.map((each) => `  ${each}`).join("\n")}`,
    };
  },
});
