import { sql } from "kysely";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { integer, text } from "../../contract/_options.ts";
import { duration, time } from "../../times/_times.ts";
import { openTable } from "./_rows.ts";
import { rowsText } from "../../terminal/_rows_text.ts";

/** `kysera query by-timestamp`. */
export const command: Command = defineCommand({
  description: "It reads past the plugins: rows that are marked as deleted are shown, too.",
  options: {
    table: text("-t, --table <name>", "the table"),
    column: text("-c, --column <name>", "the column with the time", { default: "created_at" }),
    from: time("--from <time>", "from this time on: 2026-01-31, or 7d for a week ago"),
    to: time("--to <time>", "before this time"),
    last: duration("--last <duration>", "the last 15m, 12h, 7d"),
    order: text("--order <direction>", "which come first", {
      choices: ["desc", "asc"],
      default: "desc",
    }),
    limit: integer("-l, --limit <n>", "how many are shown", { least: 1, default: 100 }),
    schema: text("-s, --schema <name>", "the schema of the table"),
  },
  examples: [["kysera query by-timestamp -t users --last 7d", "show who came last week"]],
  async run({ context, options }) {
    const { column, last, to, order, limit } = options;
    if (last !== undefined && (options.from !== undefined || to !== undefined)) {
      throw usageError("--last says all: leave --from and --to out");
    }
    const from = last === undefined ? options.from : new Date(Date.now() - last);
    const { db, dialect, table } = await openTable(context, options);
    // SQLite has its times as texts, which people write in more than one way.
    const isText = dialect === "sqlite";
    const at = isText ? sql`julianday(${sql.ref(column)})` : sql.ref(column);
    const value = (of: Date) => isText ? sql`julianday(${of.toISOString()})` : sql`${of}`;
    let query = db.selectFrom(table.name).selectAll().where(sql<boolean>`${at} is not null`);
    if (from !== undefined) query = query.where(sql<boolean>`${at} >= ${value(from)}`);
    if (to !== undefined) query = query.where(sql<boolean>`${at} < ${value(to)}`);
    const rows = await query.orderBy(at, order === "asc" ? "asc" : "desc").limit(limit).execute();
    return {
      data: { rows },
      text: rows.length === 0
        ? "There are no such rows"
        : rowsText(rows, table.columns.map(({ name }) => name), context.colors.bold),
    };
  },
});
