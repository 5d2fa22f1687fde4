import { rebaseMigrations } from "@kysera/migrations/files";
import { loadModule } from "../../config/_load_module.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate rebase`. */
export const command: Command = defineCommand({
  description:
    "For a branch that was merged late. What is applied in this database is not renamed; a migration\n" +
    "that is applied in another one must not be renamed either.",
  options: {
    dryRun: flag("--dry-run", "show the new names, and rename nothing"),
    ...HISTORY_OPTIONS,
  },
  examples: [["kysera migrate rebase", "after `git merge` has brought migrations of others"]],
  async run({ context, options }) {
    const { runner, directory } = await openRunner(context, {
      ...options,
      writes: false,
      lock: false,
    });
    const applied = await runner.getExecutedMigrations();
    const renamed = await context.finishFirst(() =>
      rebaseMigrations(directory, applied, { dryRun: options.dryRun, load: loadModule })
    );
    const verb = options.dryRun ? "Would rename" : "Renamed";
    return {
      data: { renamed, dryRun: options.dryRun },
      text: renamed.length === 0
        ? "Nothing to rename"
        : renamed.map(({ from, to }) => `${verb} ${from} to ${to}`).join("\n"),
    };
  },
});
