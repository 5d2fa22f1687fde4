import { dropEverything } from "../../connect/_drop_everything.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../terminal/_confirm.ts";
import { openRunner, RUN_OPTIONS } from "./_open_runner.ts";
import { runMigrations, UP } from "./_run.ts";

/** `kysera migrate fresh`. */
export const command: Command = defineCommand({
  description:
    "It drops the tables, views, types and functions of the schema, whoever created them, and has to\n" +
    "be confirmed.",
  options: { ...RUN_OPTIONS, ...CONFIRM_OPTIONS },
  examples: [
    ["kysera migrate fresh", "begin anew"],
    ["kysera migrate fresh --yes --confirm app.db", "the same in a script"],
  ],
  async run({ context, options }) {
    await confirmDestruction(context, options, { what: "This drops everything" });
    const opened = await openRunner(context, { ...options, writes: true });
    // What cannot be loaded must not be found out when everything is gone.
    await opened.runner.status();
    const dropped = await context.finishFirst(() =>
      dropEverything(opened.connection.db, options.schema)
    );
    context.say(`Dropped ${dropped.length} ${dropped.length === 1 ? "object" : "objects"}`);
    const applied = await runMigrations(context, opened, () => opened.runner.up(), UP);
    return { data: { dropped, applied: applied.data }, text: applied.text };
  },
});
