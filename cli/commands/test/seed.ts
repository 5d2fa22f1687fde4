import { didYouMean } from "@kysera/core";
import { readSchema, type SchemaSnapshot, type SchemaTable } from "@kysera/migrations/schema";
import { resolve } from "node:path";
import { usageError } from "../../contract/_cli_error.ts";
import { integer, list, text } from "../../contract/_options.ts";
import { inOrderOfKeys } from "../../data/_in_order_of_keys.ts";
import { insertRows } from "../../fixtures/_insert_rows.ts";
import { randomRows } from "../../fixtures/_random_rows.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { deleteRows } from "../../seeds/_delete_rows.ts";
import { findSeeds } from "../../seeds/_find_seeds.ts";
import { runSeeds } from "../../seeds/_run_seeds.ts";
import { flag } from "../../contract/_options.ts";
import { inTestDatabase, TEST_OPTIONS } from "../../test_database/_in_test_database.ts";
import { insertedText } from "./_load_fixtures.ts";

/** `kysera test seed`. */
export const command: Command = defineCommand({
  environment: "test",
  description:
    "Rows are made up by the types and names of columns: the same ones for the same --seed. They refer to\n" +
    "rows that are there, so tables are filled in the order of their foreign keys.",
  options: {
    tables: list("-t, --tables <names>", "fill these tables alone"),
    count: integer("--count <n>", "how many rows each gets", { least: 1, default: 100 }),
    clean: flag("--clean", "delete the rows of every table first"),
    strategy: text("-s, --strategy <name>", "what columns get that need no value", {
      choices: ["realistic", "minimal"],
      default: "realistic",
    }),
    seed: integer("--seed <number>", "what the rows are drawn by", { default: 1 }),
    custom: text("--custom <file>", "run this seed afterwards"),
    confirm: text("--confirm <database>", 'the name of the database, if it has no "test" in it'),
    ...TEST_OPTIONS,
  },
  examples: [
    ["kysera test seed --count 1000", "fill every table"],
    ["kysera test seed -t users,posts --clean --seed 7", "fill two, with other rows"],
  ],
  async run({ context, options }) {
    const within = await inTestDatabase(context, options);
    const { db } = await within.open({ missing: "refuse" });
    const snapshot = await readSchema(db);
    const tables = meant(snapshot, options.tables);
    const custom = options.custom === undefined
      ? []
      : findSeeds("", resolve(context.host.cwd, options.custom));
    const emptied = options.clean ? await context.finishFirst(() => deleteRows(db)) : [];
    const inserted: Record<string, number> = {};
    for (const table of tables) {
      const rows = await randomRows(db, {
        table,
        snapshot,
        count: options.count,
        seed: options.seed,
        isMinimal: options.strategy === "minimal",
      });
      Object.assign(inserted, await insertRows(db, snapshot, new Map([[table.name, rows]])));
    }
    const seeded = await runSeeds(within, db, custom, false);
    return { data: { inserted, emptied, seeded }, text: insertedText(inserted) };
  },
});

function meant(snapshot: SchemaSnapshot, names: readonly string[]): readonly SchemaTable[] {
  const own = snapshot.tables.filter(({ kind, partitioning }) =>
    kind === "table" && partitioning.bound === null
  );
  const known = own.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    throw usageError(`There is no table "${name}"${didYouMean(name, known)}`);
  }
  const { tables } = inOrderOfKeys(own);
  return names.length === 0 ? tables : tables.filter(({ name }) => names.includes(name));
}
