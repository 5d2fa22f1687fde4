import { type AuditOperation, getAuditLogs } from "@kysera/audit";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, integer, text } from "../../contract/_options.ts";
import { time } from "../../times/_times.ts";
import { entriesText } from "./_entries_text.ts";
import { AUDIT_OPTIONS, openAudit } from "./_open_audit.ts";

/** `kysera audit logs`. */
export const command: Command = defineCommand({
  options: {
    table: text("-t, --table <name>", "only of this table"),
    entityId: text("-e, --entity-id <id>", "only of the row of this key; with --table"),
    user: text("-u, --user <id>", "only what this user did"),
    action: text("-a, --action <type>", "only of this kind", {
      choices: ["INSERT", "UPDATE", "DELETE", "SOFT_DELETE", "RESTORE"],
    }),
    since: time("--since <time>", "from this time on: 2026-01-31, or 7d for a week ago"),
    until: time("--until <time>", "up to this time"),
    limit: integer("-l, --limit <n>", "how many are shown", { least: 1, default: 50 }),
    showValues: flag("--show-values", "show the values that changed"),
    ...AUDIT_OPTIONS,
  },
  examples: [
    ["kysera audit logs --since 1d", "show what happened today"],
    ["kysera audit logs -t users -a DELETE", "show who deleted users"],
  ],
  async run({ context, options }) {
    if (options.entityId !== undefined && options.table === undefined) {
      throw usageError("--entity-id needs --table");
    }
    const { executor } = await openAudit(context, options);
    const entries = await getAuditLogs(executor, {
      table: options.table,
      key: options.entityId,
      userId: options.user,
      // The parser allows no others.
      operation: options.action as AuditOperation | undefined,
      startDate: options.since,
      endDate: options.until,
      limit: options.limit,
    });
    return { data: { entries }, text: entriesText(entries, options.showValues, context.colors) };
  },
});
