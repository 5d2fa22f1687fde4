import { readSchema } from "@kysera/migrations/schema";
import { type Kysely, sql } from "kysely";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { table } from "../../terminal/_table.ts";

/** `kysera db tables`. */
export const command: Command = defineCommand({
  description: "The tables of the migration runner are left out.",
  options: {
    count: flag("--count", "count the rows; on large tables it takes its time"),
    schema: text("-s, --schema <name>", "look into this schema"),
  },
  examples: [
    ["kysera db tables", "list them"],
    ["kysera db tables --count", "list them with the numbers of their rows"],
  ],
  async run({ context, options }) {
    const { db } = await context.open({ missing: "refuse" });
    const schema = await readSchema(
      db,
      options.schema === undefined ? {} : { schemas: [options.schema] },
    );
    const relations = [
      ...schema.tables.map((each) => ({ name: each.name, type: each.kind, of: each })),
      ...schema.views.map((each) => ({
        name: each.name,
        type: each.materialized ? "materialized view" : "view",
        of: each,
      })),
    ];
    const tables = [];
    for (const { name, type, of } of relations) {
      const rows = options.count ? await countRows(db, schema.defaultSchema, name) : undefined;
      tables.push({
        name,
        schema: schema.defaultSchema,
        type,
        columns: of.columns.length,
        ...rows === undefined ? {} : { rows },
        comment: of.comment,
      });
    }
    const head = ["Name", "Type", "Columns", ...options.count ? ["Rows"] : []];
    return {
      data: { tables },
      text: tables.length === 0 ? "There are no tables" : table(
        head,
        tables.map(({ name, type, columns, rows }) => [
          ...[name, type, columns],
          ...options.count ? [rows] : [],
        ]),
        context.colors.bold,
      ),
    };
  },
});

async function countRows(db: Kysely<any>, schema: string, name: string): Promise<number> {
  const { rows } = await sql<{ count: unknown }>`
    select count(*) as count from ${sql.id(schema, name)}`.execute(db);
  return Number(rows[0]?.count);
}
