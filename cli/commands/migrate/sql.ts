import { detectDialect } from "@kysera/core";
import { writeWholeFile } from "../../files/_write_whole_file.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { refusal } from "../../contract/_cli_error.ts";
import { text } from "../../contract/_options.ts";
import { scriptOf } from "../../sql/_script.ts";
import { assertMigration, HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate sql`. */
export const command: Command = defineCommand({
  description:
    "For a database administrator who runs it by hand. It does not write the history: afterwards\n" +
    "`kysera migrate mark` does. It holds the values that migrations write.",
  options: {
    out: text("-o, --out <file>", "write it into this file"),
    to: text("-t, --to <migration>", "the last that it applies"),
    ...HISTORY_OPTIONS,
  },
  examples: [
    ["kysera migrate sql --out release.sql", "write a script"],
    ["kysera migrate sql | less", "read it"],
  ],
  async run({ context, options }) {
    const { runner, connection } = await openRunner(context, {
      ...options,
      writes: false,
      dryRun: true,
    });
    if (options.to !== undefined) await assertMigration(runner, options.to);
    const { plan = [] } = options.to === undefined
      ? await runner.up()
      : await runner.upTo(options.to);
    const end = plan.find(({ endsBecause }) => endsBecause !== undefined);
    if (end !== undefined) {
      throw refusal(`Cannot write "${end.name}" as a script: ${end.endsBecause}`, {
        hint: "Apply what comes before it, or end the script there with --to.",
      });
    }
    for (const { name, readsData } of plan) {
      if (readsData) context.warn(`"${name}" reads data: on other data it may do something else.`);
    }
    const script = scriptOf(plan, detectDialect(connection.db));
    const names = plan.map(({ name }) => name);
    if (options.out === undefined) {
      return { data: { migrations: names, sql: script }, text: script };
    }
    const { resolve } = await import("node:path");
    const file = resolve(context.host.cwd, options.out);
    await writeWholeFile(file, script);
    return { data: { migrations: names, file }, text: `Wrote ${file}` };
  },
});
