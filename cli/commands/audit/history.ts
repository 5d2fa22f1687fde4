import { getAuditLogs } from "@kysera/audit";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, integer } from "../../contract/_options.ts";
import { entriesText } from "./_entries_text.ts";
import { AUDIT_OPTIONS, openAudit } from "./_open_audit.ts";

/** `kysera audit history`. */
export const command: Command = defineCommand({
  arguments: [
    { name: "table", description: "the table" },
    { name: "id", description: "the key of the row" },
  ],
  options: {
    limit: integer("-l, --limit <n>", "how many entries are shown", { least: 1, default: 20 }),
    showValues: flag("--show-values", "show the values that changed"),
    reverse: flag("--reverse", "the oldest first"),
    ...AUDIT_OPTIONS,
  },
  examples: [["kysera audit history users 7 --show-values", "show all that happened to a user"]],
  async run({ context, args: [table, key], options }) {
    const { executor } = await openAudit(context, options);
    const found = await getAuditLogs(executor, { table, key, limit: options.limit });
    const entries = options.reverse ? found.reverse() : found;
    return { data: { entries }, text: entriesText(entries, options.showValues, context.colors) };
  },
});
