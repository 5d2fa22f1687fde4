import { createMigrationFile } from "@kysera/migrations/files";
import { squash } from "@kysera/migrations/schema";
import { basename, extname } from "node:path";
import { loadModule } from "../../config/_load_module.ts";
import { SCRATCH_OPTION, scratchOf } from "../../connect/_scratch.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag } from "../../contract/_options.ts";
import { HISTORY_OPTIONS, openRunner } from "./_open_runner.ts";

/** `kysera migrate squash`. */
export const command: Command = defineCommand({
  description:
    "It is proved on scratch databases that both make the same schema. A database that has applied all\n" +
    "of the others counts the new one as applied; a new database runs it instead of them. Delete the\n" +
    "others when every database has run `up` with it.",
  arguments: [{ name: "name", description: "what the new one is called", isOptional: true }],
  options: {
    scratch: SCRATCH_OPTION,
    leaveOutRows: flag("--leave-out-rows", "rows that migrations insert are not in the new one"),
    ...HISTORY_OPTIONS,
  },
  examples: [["kysera migrate squash", "have one migration in place of all"]],
  async run({ context, args: [name = "squashed"], options }) {
    const { connection, migrations, directory } = await openRunner(context, {
      ...options,
      writes: false,
    });
    const { root } = await context.settings();
    const { script, replaces } = await squash(migrations, {
      // The file gives it its number.
      name: "squashed",
      scratch: await scratchOf(connection, root, options.scratch),
      rows: options.leaveOutRows ? "leave out" : "refuse",
    });
    const file = await createMigrationFile(directory, name, {
      extension: "sql",
      content: script,
      lock: false,
      load: loadModule,
    });
    const migration = basename(file, extname(file));
    return {
      data: { name: migration, file, replaces },
      text: `Migration created: ${file}\nIt replaces ${replaces.length}: ${replaces.join(", ")}`,
    };
  },
});
