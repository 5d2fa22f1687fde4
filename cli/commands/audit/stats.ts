import { sql } from "kysely";
import { type Command, defineCommand } from "../../program/_command.ts";
import { text } from "../../contract/_options.ts";
import { table } from "../../terminal/_table.ts";
import { duration } from "../../times/_times.ts";
import { AUDIT_OPTIONS, openAudit } from "./_open_audit.ts";

const DAY = 86_400_000;

/** `kysera audit stats`. */
export const command: Command = defineCommand({
  options: {
    table: text("-t, --table <name>", "only of this table"),
    user: text("-u, --user <id>", "only what this user did"),
    period: duration("-p, --period <duration>", "of the last 12h, 7d; of a day by default"),
    format: text("-f, --format <type>", "how they are printed", {
      choices: ["table", "json"],
      default: "table",
    }),
    ...AUDIT_OPTIONS,
  },
  examples: [["kysera audit stats --period 7d", "see who changed what in a week"]],
  async run({ context, options }) {
    const { executor, auditTable } = await openAudit(context, options);
    const since = new Date(Date.now() - (options.period ?? DAY)).toISOString();
    let query = executor.selectFrom(auditTable)
      .select(["table_name", "operation", "changed_by", sql<unknown>`count(*)`.as("entries")])
      // Times are texts in ISO 8601, which sort as they are.
      .where("changed_at", ">=", since)
      .groupBy(["table_name", "operation", "changed_by"])
      .orderBy("table_name").orderBy("operation").orderBy("changed_by");
    if (options.table !== undefined) query = query.where("table_name", "=", options.table);
    if (options.user !== undefined) query = query.where("changed_by", "=", options.user);
    const stats = (await query.execute()).map((row) => ({
      table: row.table_name as string,
      operation: row.operation as string,
      user: row.changed_by as string | null,
      entries: Number(row.entries),
    }));
    const total = stats.reduce((sum, { entries }) => sum + entries, 0);
    const data = { since, total, stats };
    if (options.format === "json") return { data, text: JSON.stringify(data, null, 2) };
    const shown = table(
      ["Table", "Operation", "By", "Entries"],
      stats.map(({ table, operation, user, entries }) => [table, operation, user, entries]),
      context.colors.bold,
    );
    return {
      data,
      text: total === 0
        ? `There are no entries since ${since}`
        : `${shown}\n\n${total} since ${since}`,
    };
  },
});
