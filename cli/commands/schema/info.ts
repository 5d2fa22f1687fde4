import { readSchema } from "@kysera/migrations/schema";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { table } from "../../terminal/_table.ts";
import { assertSchema, openSchemas } from "./_open_schemas.ts";

/** `kysera schema info`. */
export const command: Command = defineCommand({
  arguments: [{ name: "name", description: "the schema" }],
  options: {
    indexes: flag("--indexes", "list the indexes, too"),
    foreignKeys: flag("--foreign-keys", "list the foreign keys, too"),
  },
  examples: [["kysera schema info public --indexes", "see what is in it"]],
  async run({ context, args, options }) {
    const name = args[0]!;
    const schemas = await openSchemas(context);
    await assertSchema(schemas, name);
    const { tables, views, routines, sequences, enums } = await readSchema(schemas.db, {
      schemas: [name],
    });
    const indexes = tables.flatMap((each) =>
      each.indexes.map((index) => ({
        table: each.name,
        name: index.name,
        definition: index.definition,
      }))
    );
    const foreignKeys = tables.flatMap((each) =>
      each.foreignKeys.map((key) => ({
        table: each.name,
        name: key.name,
        definition: key.definition,
      }))
    );
    const counts = {
      tables: tables.length,
      views: views.length,
      indexes: indexes.length,
      foreignKeys: foreignKeys.length,
      sequences: sequences.length,
      enums: enums.length,
      routines: routines.length,
    };
    const { bold } = context.colors;
    const list = (title: string, rows: typeof foreignKeys) =>
      `\n\n${
        table(
          [title, "Table", "Definition"],
          rows.map((row) => [row.name, row.table, row.definition]),
          bold,
        )
      }`;
    return {
      data: {
        name,
        counts,
        tables: tables.map((each) => each.name),
        views: views.map((each) => each.name),
        ...options.indexes ? { indexes } : {},
        ...options.foreignKeys ? { foreignKeys } : {},
      },
      text: table(["What", "Count"], Object.entries(counts), bold) +
        (options.indexes ? list("Index", indexes) : "") +
        (options.foreignKeys ? list("Foreign key", foreignKeys) : ""),
    };
  },
});
