import { diff } from "@kysera/audit";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { changeLines } from "./_entries_text.ts";
import { AUDIT_OPTIONS, entryOf, openAudit } from "./_open_audit.ts";

/** `kysera audit compare`. */
export const command: Command = defineCommand({
  description: "The rows are those after the changes that the entries tell.",
  arguments: [
    { name: "id1", description: "the number of an entry" },
    { name: "id2", description: "the number of a later one" },
  ],
  options: {
    showValues: flag("--show-values", "show the values, and not only the columns"),
    ...AUDIT_OPTIONS,
  },
  examples: [["kysera audit compare 3 9 --show-values", "show what came between them"]],
  async run({ context, args: [one = "", other = ""], options }) {
    const opened = await openAudit(context, options);
    const changes = diff(await entryOf(opened, one), await entryOf(opened, other));
    const columns = Object.keys(changes);
    return {
      data: { changes: options.showValues ? changes : columns },
      text: columns.length === 0
        ? "The rows are equal"
        : (options.showValues ? changeLines(changes) : columns).join("\n"),
    };
  },
});
