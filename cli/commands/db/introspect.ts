import { didYouMean } from "@kysera/core";
import { readSchema, type SchemaSnapshot } from "@kysera/migrations/schema";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { tableText, viewText } from "./_table_text.ts";

/** `kysera db introspect`. */
export const command: Command = defineCommand({
  description: "With --json all that is known of the schema is printed.",
  arguments: [{ name: "table", description: "only this table or view", isOptional: true }],
  options: {
    detailed: flag("--detailed", "show indexes, foreign keys, checks, triggers and policies, too"),
    schema: text("-s, --schema <name>", "look into this schema"),
  },
  examples: [
    ["kysera db introspect", "show every table"],
    ["kysera db introspect users --detailed", "show all of one"],
  ],
  async run({ context, args: [name], options }) {
    const { db } = await context.open({ missing: "refuse" });
    const schema = await readSchema(
      db,
      options.schema === undefined ? {} : { schemas: [options.schema] },
    );
    const shown = name === undefined ? schema : only(schema, name);
    const { tables, views } = shown;
    return {
      data: name === undefined ? schema : tables[0] ?? views[0],
      text: [
        ...tables.map((each) => tableText(each, options.detailed, context.colors)),
        ...views.map((each) => viewText(each, options.detailed, context.colors)),
      ].join("\n\n"),
    };
  },
});

function only(schema: SchemaSnapshot, name: string): SchemaSnapshot {
  const tables = schema.tables.filter((each) => each.name === name);
  const views = schema.views.filter((each) => each.name === name);
  if (tables.length + views.length > 0) return { ...schema, tables, views };
  const known = [...schema.tables, ...schema.views].map((each) => each.name);
  throw usageError(`There is no table "${name}"${didYouMean(name, known)}`);
}
