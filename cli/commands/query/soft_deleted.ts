import { type Kysely, sql } from "kysely";
import { refusal, usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, integer, text } from "../../contract/_options.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { type OpenedTable, openTable } from "./_rows.ts";
import { rowsText } from "../../terminal/_rows_text.ts";

/** `kysera query soft-deleted`. */
export const command: Command = defineCommand({
  description: "It works past the plugins. --purge has to be confirmed: the rows are lost.",
  options: {
    table: text("-t, --table <name>", "the table"),
    column: text("-c, --column <name>", "the column that marks them", { default: "deleted_at" }),
    restore: text("-r, --restore <id>", "take the mark from the row of this key"),
    purge: flag("--purge", "remove the rows that are marked"),
    limit: integer("-l, --limit <n>", "how many are shown", { least: 1, default: 100 }),
    schema: text("-s, --schema <name>", "the schema of the table"),
    ...CONFIRM_OPTIONS,
  },
  examples: [
    ["kysera query soft-deleted -t users", "show them"],
    ["kysera query soft-deleted -t users --restore 7", "bring one back"],
  ],
  async run({ context, options }) {
    const { restore, purge, column, limit } = options;
    if (restore !== undefined && purge) throw usageError("Give either --restore or --purge");
    const opened = await openTable(context, options);
    const { db, table } = opened;
    const marked = sql<boolean>`${sql.ref(column)} is not null`;
    if (restore !== undefined) {
      const count = await restoreRow(opened, column, restore);
      if (count === 0) {
        throw refusal(`No row of "${table.name}" with this key is marked as deleted`);
      }
      return { data: { restored: count }, text: `Restored the row` };
    }
    if (purge) {
      await confirmDestruction(context, options, {
        what: `This removes the rows of "${table.name}" that are marked as deleted`,
      });
      const { numDeletedRows } = await db.deleteFrom(table.name).where(marked)
        .executeTakeFirstOrThrow();
      return { data: { removed: Number(numDeletedRows) }, text: `Removed ${numDeletedRows} rows` };
    }
    const rows = await db.selectFrom(table.name).selectAll().where(marked)
      .orderBy(column, "desc").limit(limit).execute();
    return {
      data: { rows },
      text: rows.length === 0
        ? "No rows are marked as deleted"
        : rowsText(rows, table.columns.map(({ name }) => name), context.colors.bold),
    };
  },
});

/** Takes the mark from a row; returns how many there were. */
async function restoreRow(
  { db, table }: OpenedTable,
  column: string,
  id: string,
): Promise<number> {
  const [key, ...more] = table.primaryKey?.columns ?? [];
  if (key === undefined || more.length > 0) {
    throw refusal(`The rows of "${table.name}" cannot be told apart by one column`);
  }
  const { numUpdatedRows } = await (db as Kysely<any>).updateTable(table.name)
    .set({ [column]: null })
    .where(key, "=", id).where(sql<boolean>`${sql.ref(column)} is not null`)
    .executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}
