import { diff, restoreFromAudit } from "@kysera/audit";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { confirmDestruction } from "../../program/_confirm.ts";
import { changeLines } from "./_entries_text.ts";
import { AUDIT_OPTIONS, entryOf, openAudit } from "./_open_audit.ts";

/** `kysera audit restore`. */
export const command: Command = defineCommand({
  description:
    "It is refused where the row has changed since, unless --force is given, and has to be confirmed\n" +
    "where the database looks like one of production. The log tells of it.",
  arguments: [{ name: "audit-log-id", description: "the number of the entry" }],
  options: {
    dryRun: flag("--dry-run", "show what the entry changed, and change nothing"),
    force: flag("--force", "undo it even if the row has changed since"),
    yes: flag("-y, --yes", "do not ask"),
    confirm: text("--confirm <database>", "the name of the database, where nobody can be asked"),
    ...AUDIT_OPTIONS,
  },
  examples: [
    ["kysera audit restore 7 --dry-run", "see what would be undone"],
    ["kysera audit restore 7", "undo it"],
  ],
  async run({ context, args: [id = ""], options }) {
    const opened = await openAudit(context, options);
    const entry = await entryOf(opened, id);
    const { table_name: table, operation, entity_id: key } = entry;
    if (options.dryRun) {
      const changes = diff(entry);
      return {
        data: { entry, changes },
        text: [`Would undo ${operation} of ${table} ${key}:`, ...changeLines(changes)].join("\n"),
      };
    }
    await confirmDestruction(context, { ...options, force: false }, {
      what: `This undoes ${operation} of ${table} ${key}`,
      isHarmless: true,
    });
    const row = await restoreFromAudit(opened.executor, table, entry.id, {
      force: options.force,
    });
    return { data: { row }, text: `Undid ${operation} of ${table} ${key}` };
  },
});
