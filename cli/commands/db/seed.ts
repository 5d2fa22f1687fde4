import { resolve } from "node:path";
import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { deleteRows } from "../../seeds/_delete_rows.ts";
import { findSeeds, seedName } from "../../seeds/_find_seeds.ts";
import { runSeeds } from "../../seeds/_run_seeds.ts";
import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";

/** `kysera db seed`. */
export const command: Command = defineCommand({
  description:
    "A seed is a file that exports `seed(db)`, or a script of SQL; they run in the order of their\n" +
    "names, each in a transaction.",
  options: {
    file: text("-f, --file <path>", "run this file alone"),
    directory: text("-d, --directory <path>", "the folder with the seeds"),
    fresh: flag("--fresh", "delete the rows of every table before; it has to be confirmed"),
    dryRun: flag("--dry-run", "list the files, and run none"),
    transaction: flag("--transaction", "run all in one transaction"),
    schema: text("-s, --schema <name>", "work on this schema"),
    ...CONFIRM_OPTIONS,
  },
  examples: [
    ["kysera db seed", "run every seed"],
    ["kysera db seed --file seeds/users.ts", "run one"],
  ],
  async run({ context, options }) {
    const { cwd } = context.host;
    const folder = options.directory === undefined
      ? (await context.settings()).seeds
      : resolve(cwd, options.directory);
    const file = options.file === undefined ? undefined : resolve(cwd, options.file);
    const files = findSeeds(folder, file);
    const names = files.map(seedName);
    if (options.dryRun) return { data: { seeds: names, dryRun: true }, text: names.join("\n") };
    if (options.fresh) {
      await confirmDestruction(context, options, { what: "This deletes the rows of every table" });
    }
    const { db } = await context.open({ missing: "refuse", schema: options.schema });
    const emptied = options.fresh ? await context.finishFirst(() => deleteRows(db)) : [];
    await runSeeds(context, db, files, options.transaction);
    return {
      data: { seeds: names, emptied, dryRun: false },
      text: names.length === 0
        ? "There are no seeds"
        : `Seeded:\n${names.map((name) => `  ${name}`).join("\n")}`,
    };
  },
});
