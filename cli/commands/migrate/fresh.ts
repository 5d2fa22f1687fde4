import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { beginAnew } from "./_fresh.ts";
import { RUN_OPTIONS } from "./_open_runner.ts";

/** `kysera migrate fresh`. */
export const command: Command = defineCommand({
  description:
    "It drops the tables, views, types and functions of the schema, whoever created them, and has to\n" +
    "be confirmed.",
  options: {
    seed: flag("--seed", "run the seeds afterwards"),
    ...RUN_OPTIONS,
    ...CONFIRM_OPTIONS,
  },
  examples: [
    ["kysera migrate fresh", "begin anew"],
    ["kysera migrate fresh --seed --yes --confirm app.db", "the same with data, in a script"],
  ],
  async run({ context, options }) {
    await confirmDestruction(context, options, { what: "This drops everything" });
    return await beginAnew(context, options);
  },
});
