import { didYouMean } from "@kysera/core";
import { createMigrationFile } from "@kysera/migrations/files";
import { readSchema, type SchemaColumn, type SchemaTable } from "@kysera/migrations/schema";
import { basename, extname } from "node:path";
import { loadModule } from "../../config/_load_module.ts";
import { refusal, usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { expandFile, type Rename } from "../../templates/migration/_expand_file.ts";
import { directoryOf } from "./_open_runner.ts";

const STEPS = ["expand", "backfill", "switchOver"] as const;

/** `kysera migrate rename`. */
export const command: Command = defineCommand({
  description:
    "Programs of the old version and of the new one can run meanwhile: the new column is added, both\n" +
    "are kept in step by triggers, and the rows are filled in batches. When no program of the old\n" +
    "version runs any more, --contract writes the migration that drops the old column.",
  arguments: [
    { name: "column", description: "the column: users.name" },
    { name: "to", description: "its new name" },
  ],
  options: {
    contract: flag("--contract", "write the last step, which drops the old column"),
    dir: text("-d, --dir <path>", "the folder with the migrations"),
    ts: flag("--no-ts", "write JavaScript"),
    schema: text("-s, --schema <name>", "the schema of the table"),
  },
  examples: [
    ["kysera migrate rename users.name full_name", "write the first steps"],
    ["kysera migrate rename users.name full_name --contract", "write the last one"],
  ],
  async run({ context, args: [from = "", to = ""], options }) {
    const { db } = await context.open({ missing: "refuse", schema: options.schema });
    const { tables, dialect } = await readSchema(db);
    const { table, column } = found(tables, from);
    const isNew = table.columns.every(({ name }) => name !== to);
    if (!isNew && !options.contract) {
      throw usageError(`"${table.name}" has a column "${to}" already`);
    }
    if (isNew && options.contract) {
      throw usageError(`"${table.name}" has no column "${to}" yet`, {
        hint: "Apply the first steps before.",
      });
    }
    const key = table.primaryKey?.columns;
    if (key === undefined) {
      throw refusal(
        `"${table.name}" has no primary key, by which its rows could be filled in batches`,
      );
    }
    if (dialect === "sqlite" && !column.nullable && column.default === null) {
      throw refusal(`"${column.name}" refuses NULL, and a trigger of SQLite fills it too late`, {
        hint: "Create the table anew with a default for it, or without NOT NULL, before.",
      });
    }
    const rename: Rename = {
      table: table.name,
      key,
      from: column.name,
      to,
      type: column.type.text,
      isNotNull: !column.nullable && dialect !== "sqlite",
    };
    const folder = await directoryOf(context, options.dir);
    const files: string[] = [];
    for (const step of options.contract ? ["contract"] as const : STEPS) {
      files.push(
        await createMigrationFile(folder, `${table.name}_${to}_${step}`, {
          extension: options.ts ? "ts" : "js",
          content: expandFile(rename, step),
          lock: false,
          load: loadModule,
        }),
      );
    }
    const names = files.map((file) => basename(file, extname(file)));
    const next = options.contract
      ? "Apply it when no program of the old version runs any more."
      : "Apply them, deploy the version that uses the new column, and run this with --contract.";
    return {
      data: { migrations: names, files },
      text: [...files.map((file) => `Migration created: ${file}`), next].join("\n"),
    };
  },
});

function found(
  tables: readonly SchemaTable[],
  name: string,
): { readonly table: SchemaTable; readonly column: SchemaColumn } {
  const [tableName, columnName, ...more] = name.split(".");
  if (columnName === undefined || more.length > 0) {
    throw usageError(`"${name}" is not a column: write users.name`);
  }
  const table = tables.find((each) => each.name === tableName);
  if (table === undefined) {
    const near = didYouMean(tableName!, tables.map((each) => each.name));
    throw usageError(`There is no table "${tableName}"${near}`);
  }
  const column = table.columns.find((each) => each.name === columnName);
  if (column === undefined) {
    const near = didYouMean(columnName, table.columns.map((each) => each.name));
    throw usageError(`"${tableName}" has no column "${columnName}"${near}`);
  }
  return { table, column };
}
