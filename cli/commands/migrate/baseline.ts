import { baseline } from "@kysera/migrations/schema";
import { SCRATCH_OPTION, scratchOf } from "../../connect/_scratch.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { text } from "../../contract/_options.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate baseline`. */
export const command: Command = defineCommand({
  description:
    "For a database that had its schema before it had migrations. They run on a scratch database first,\n" +
    "and nothing is recorded unless they make the schema that is there.",
  options: {
    at: text("--at <migration>", "the last whose changes are there; by default the last of all"),
    scratch: SCRATCH_OPTION,
    ...HISTORY_OPTIONS,
  },
  examples: [["kysera migrate baseline --at 001_initial", "begin with what is there"]],
  async run({ context, options }) {
    const { connection, migrations, runner } = await openRunner(context, {
      ...options,
      writes: true,
    });
    const { root, migrations: { tableName, schema } } = await context.settings();
    const at = options.at ?? (await runner.status()).pending.at(-1);
    if (at === undefined) throw usageError("Every migration is applied already");
    const scratch = await scratchOf(connection, root, options.scratch);
    const recorded = await context.finishFirst(() =>
      baseline(connection.db, migrations, {
        at,
        scratch,
        tableName,
        schema: options.schema ?? schema,
      })
    );
    return {
      data: { recorded },
      text: `Recorded as applied:\n${recorded.map((name) => `  ${name}`).join("\n")}`,
    };
  },
});
