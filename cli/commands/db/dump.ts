import {
  dumpSchema,
  readSchema,
  type SchemaSnapshot,
  type SchemaTable,
} from "@kysera/migrations/schema";
import { getRawDb } from "@kysera/executor";
import { didYouMean } from "@kysera/core";
import { rename, rm } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Kysely } from "kysely";
import { dumpRows } from "../../data/_dump_rows.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, list, text } from "../../contract/_options.ts";

/** `kysera db dump`. */
export const command: Command = defineCommand({
  description:
    "The rows are those of one moment; the history of migrations is among them. `kysera db restore`\n" +
    "reads the script.",
  options: {
    output: text("-o, --output <file>", "write it into this file"),
    tables: list("-t, --tables <list>", "only these tables"),
    dataOnly: flag("--data-only", "write the rows alone"),
    schemaOnly: flag("--schema-only", "write the schema alone"),
    schema: text("-s, --schema <name>", "the schema; on MySQL and MariaDB, the database"),
  },
  examples: [
    ["kysera db dump -o backup.sql", "write all of it"],
    ["kysera db dump --data-only --tables users,posts", "print the rows of two tables"],
  ],
  async run({ context, options }) {
    if (options.dataOnly && options.schemaOnly) {
      throw usageError("--data-only and --schema-only leave nothing: give one of them");
    }
    const { db } = await context.open({ missing: "refuse", schema: options.schema });
    const raw: Kysely<any> = getRawDb(db).withoutPlugins();
    const schema = await readSchema(raw, { exclude: [] });
    const meant = tablesOf(schema, options.tables);
    const others = schema.tables.filter((each) => !meant.includes(each)).map(({ name }) => name);
    async function* script(): AsyncGenerator<string> {
      if (!options.dataOnly) yield await dumpSchema(raw, { exclude: others });
      if (options.schemaOnly) return;
      const stored = meant.filter(({ kind, partitioning }) =>
        kind === "table" && partitioning.by === null
      );
      yield* dumpRows(raw, schema, stored);
    }
    const names = meant.map(({ name }) => name);
    if (options.output !== undefined) {
      const file = resolve(context.host.cwd, options.output);
      await writeParts(file, script());
      return { data: { tables: names, file }, text: `Wrote ${options.output}` };
    }
    if (context.shared.json) {
      const parts: string[] = [];
      for await (const part of script()) parts.push(part);
      return { data: { tables: names, sql: parts.join("\n") } };
    }
    // It may be larger than the memory.
    for await (const part of script()) await context.host.stdout.write(`${part}\n`);
    return { data: undefined };
  },
});

function tablesOf({ tables }: SchemaSnapshot, names: readonly string[]): SchemaTable[] {
  const known = tables.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw usageError(`There is no table "${unknown}"${didYouMean(unknown, known)}`);
  }
  return tables.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** Writes a file part by part; it is there as a whole, or not at all. */
async function writeParts(file: string, parts: AsyncIterable<string>): Promise<void> {
  const half = `${file}.tmp`;
  try {
    await pipeline(Readable.from(lines(parts)), createWriteStream(half));
    await rename(half, file);
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  }
}

async function* lines(parts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const part of parts) yield `${part}\n`;
}
