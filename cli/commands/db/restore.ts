import { loadSchema, readSchema } from "@kysera/migrations/schema";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { dropEverything } from "../../connect/_drop_everything.ts";
import { usageError } from "../../contract/_cli_error.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";

/** `kysera db restore`. */
export const command: Command = defineCommand({
  description:
    "What is in the database is dropped before, which has to be confirmed; with --keep it stays, for\n" +
    "scripts of `db dump --data-only`. Run only what you trust.",
  arguments: [{ name: "file", description: "a script of `kysera db dump`" }],
  options: {
    keep: flag("--keep", "drop nothing"),
    schema: text("-s, --schema <name>", "the schema; on MySQL and MariaDB, the database"),
    ...CONFIRM_OPTIONS,
  },
  examples: [
    ["kysera db restore backup.sql", "have all as it was"],
    ["kysera db restore rows.sql --keep", "add rows to tables that are there"],
  ],
  async run({ context, args, options }) {
    const file = resolve(context.host.cwd, args[0]!);
    const script = await readFile(file, "utf8").catch((cause) => {
      throw usageError(`Cannot read "${args[0]}"`, { cause });
    });
    const { db } = await context.open({ missing: "create", schema: options.schema });
    const { tables, views } = await readSchema(db, { exclude: [] });
    const isEmpty = tables.length === 0 && views.length === 0;
    if (!isEmpty && !options.keep) {
      await confirmDestruction(context, options, {
        what: "This drops everything, to restore what is in the script,",
      });
    }
    const dropped = await context.finishFirst(async () => {
      const gone = isEmpty || options.keep ? [] : await dropEverything(db, options.schema);
      await loadSchema(db, script);
      return gone;
    });
    return { data: { file, dropped }, text: `Restored ${args[0]}` };
  },
});
