import { findDrift } from "@kysera/migrations/schema";
import { SCRATCH_OPTION, scratchOf } from "../../connect/_scratch.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag } from "../../contract/_options.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate drift`. */
export const command: Command = defineCommand({
  description:
    "The applied migrations run on a scratch database, and the schemas are compared. The database is\n" +
    "only read. Exits with 3 if something differs.",
  options: {
    scratch: SCRATCH_OPTION,
    ignoreColumnOrder: flag("--ignore-column-order", "the order of columns does not count"),
    ...HISTORY_OPTIONS,
  },
  examples: [["kysera migrate drift", "find what was changed by hand"]],
  async run({ context, options }) {
    const { connection, migrations } = await openRunner(context, { ...options, writes: false });
    const { root, migrations: { tableName, schema } } = await context.settings();
    const drift = await findDrift(connection.db, migrations, {
      scratch: await scratchOf(connection, root, options.scratch),
      columnOrder: !options.ignoreColumnOrder,
      tableName,
      schema: options.schema ?? schema,
    });
    const findings = drift.findings.map(({ cure, ...rest }) => ({
      ...rest,
      cure: byCommands(cure),
    }));
    const { bold } = context.colors;
    return {
      data: { ...drift, findings },
      text: findings.length === 0
        ? "The database has what the migrations make"
        : findings.map(({ change, cause, cure }) =>
          `${bold(change.text)}\n  ${cause}\n  ${bold("Instead:")} ${cure}`
        ).join("\n\n"),
      exitCode: findings.length === 0 ? ExitCodes.OK : ExitCodes.FINDINGS,
    };
  },
});

/** Names the commands that do what a program would call a function for. */
function byCommands(cure: string): string {
  return cure
    .replace(/call markAsExecuted\("([^"]*)"\)/g, "run `kysera migrate mark $1 --applied`")
    .replace(/call markAsRolledBack\("([^"]*)"\)/g, "run `kysera migrate mark $1 --not-applied`");
}
