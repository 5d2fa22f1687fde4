import { detectDialect } from "@kysera/core";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag } from "../../contract/_options.ts";
import { listingText, listMigrations } from "./_listing.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate status`. */
export const command: Command = defineCommand({
  description: "Nothing is created: a database that has no history yet has none afterwards.",
  options: {
    failOnPending: flag("--fail-on-pending", "exit with 3 if a migration is not applied"),
    ...HISTORY_OPTIONS,
  },
  examples: [
    ["kysera migrate status", "show a table"],
    ["kysera migrate status --json", "print it for a program"],
    ["kysera migrate status --fail-on-pending", "stop a deployment that forgot to migrate"],
  ],
  async run({ context, options }) {
    const opened = await openRunner(context, { ...options, writes: false });
    const { status, migrations } = await listMigrations(opened);
    const { executed, pending, total, problems, holder } = status;
    for (const { migrationName, message } of problems) {
      context.warn(`"${migrationName}": ${message}`);
    }
    if (holder !== undefined) context.warn(`The lock is held by ${holder.from}.`);
    const { db, target } = opened.connection;
    const summary = `${executed.length} applied, ${pending.length} pending`;
    return {
      data: {
        total,
        executed: executed.length,
        pending: pending.length,
        migrations,
        problems,
        holder: holder ?? null,
        database: { dialect: detectDialect(db), connection: target.label },
      },
      text: migrations.length === 0
        ? "There are no migrations"
        : `${listingText(migrations, context.colors)}\n\n${summary}`,
      exitCode: options.failOnPending && pending.length > 0 ? ExitCodes.FINDINGS : ExitCodes.OK,
    };
  },
});
