import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { beginAnew } from "../migrate/_fresh.ts";
import { HISTORY_OPTIONS } from "../migrate/_open_runner.ts";

/** `kysera db reset`. */
export const command: Command = defineCommand({
  description: "It is `kysera migrate fresh` by another name, and has to be confirmed.",
  options: {
    seed: flag("--seed", "run the seeds afterwards"),
    ...HISTORY_OPTIONS,
    ...CONFIRM_OPTIONS,
  },
  examples: [["kysera db reset --seed", "begin anew, with data"]],
  async run({ context, options }) {
    await confirmDestruction(context, options, { what: "This drops everything" });
    return await beginAnew(context, options);
  },
});
