import { writeMigrationLock } from "@kysera/migrations/files";
import { loadModule } from "../../config/_load_module.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { text } from "../../contract/_options.ts";
import { directoryOf } from "./_open_runner.ts";

/** `kysera migrate lock`. */
export const command: Command = defineCommand({
  description:
    "The file has the migrations in their order, each chained to the one before: two branches that both\n" +
    "add migrations conflict in it. When it is there, `create` adds to it, and the others check it.",
  options: { dir: text("-d, --dir <path>", "the folder with the migrations") },
  examples: [["kysera migrate lock", "begin the file, or add to it"]],
  async run({ context, options }) {
    const directory = await directoryOf(context, options.dir);
    const names = await writeMigrationLock(directory, { load: loadModule });
    const count = `${names.length} ${names.length === 1 ? "migration" : "migrations"}`;
    return { data: { migrations: names }, text: `Locked ${count} in kysera.lock` };
  },
});
