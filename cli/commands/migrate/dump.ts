import { dumpSchema } from "@kysera/migrations/schema";
import { resolve } from "node:path";
import { writeWholeFile } from "../../files/_write_whole_file.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { text } from "../../contract/_options.ts";

/** `kysera migrate dump`. */
export const command: Command = defineCommand({
  description: "The script builds the schema in an empty database; there is no data in it.",
  options: {
    output: text("-o, --output <file>", "write it into this file"),
    schema: text("-s, --schema <name>", "the schema; on MySQL and MariaDB, the database"),
  },
  examples: [["kysera migrate dump -o schema.sql", "keep the schema beside the migrations"]],
  async run({ context, options }) {
    const { db } = await context.open({ missing: "refuse" });
    const script = await dumpSchema(
      db,
      options.schema === undefined ? {} : { schemas: [options.schema] },
    );
    if (options.output === undefined) return { data: { sql: script }, text: script };
    const file = resolve(context.host.cwd, options.output);
    await writeWholeFile(file, script);
    return { data: { file }, text: `Wrote ${options.output}` };
  },
});
