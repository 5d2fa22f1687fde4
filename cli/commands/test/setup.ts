import { dropEverything } from "../../connect/_drop_everything.ts";
import { type Command, type CommandResult, defineCommand } from "../../program/_command.ts";
import type { Context } from "../../program/_context.ts";
import { flag, list, text } from "../../contract/_options.ts";
import { findSeeds } from "../../seeds/_find_seeds.ts";
import { runSeeds } from "../../seeds/_run_seeds.ts";
import { createDatabase } from "../../test_database/_databases.ts";
import { inTestDatabase, TEST_OPTIONS } from "../../test_database/_in_test_database.ts";
import { openRunner } from "../migrate/_open_runner.ts";
import { runMigrations, UP } from "../migrate/_run.ts";
import { DIRECTORY_OPTION, insertedText, loadFixtures, readFixtures } from "./_load_fixtures.ts";

/** `kysera test setup`. */
export const command: Command = defineCommand({
  environment: "test",
  description:
    'The database is that of the environment "test". Its name has to have the word "test" in it, and it\n' +
    "must not look like production.",
  options: {
    clean: flag("--clean", "drop everything in it first"),
    migrate: flag("--no-migrate", "apply no migrations"),
    seed: flag("--seed", "run the seeds"),
    fixtures: list("--fixtures <names>", "load these fixtures; `all` loads every one"),
    directory: DIRECTORY_OPTION,
    dir: text("--dir <path>", "the folder with the migrations"),
    confirm: text("--confirm <database>", 'the name of the database, if it has no "test" in it'),
    ...TEST_OPTIONS,
  },
  examples: [
    ["kysera test setup", "create it, and apply what is not applied"],
    ["kysera test setup --clean --fixtures users,posts", "begin anew, with rows"],
  ],
  async run({ context, options }) {
    const within = await inTestDatabase(context, options);
    const { label } = await within.target();
    const created = await createDatabase(within);
    const { db } = await within.open({ missing: "create" });
    const dropped = options.clean
      ? await context.finishFirst(() => dropEverything(db, undefined))
      : [];
    const migrated = options.migrate ? await migrate(within, options.dir) : undefined;
    const seeds = options.seed ? findSeeds((await within.settings()).seeds, undefined) : [];
    const seeded = await runSeeds(within, db, seeds, false);
    const names = options.fixtures.includes("all") ? [] : options.fixtures;
    const inserted = options.fixtures.length === 0
      ? {}
      : await loadFixtures(db, await readFixtures(within, options.directory, names));
    return {
      data: {
        database: label,
        created,
        dropped,
        migrated: migrated?.data ?? null,
        seeded,
        inserted,
      },
      text: [
        `${created ? "Created" : "Found"} ${label}`,
        ...migrated?.text === undefined ? [] : [migrated.text],
        ...seeded.length === 0 ? [] : [`Seeded ${seeded.join(", ")}`],
        ...options.fixtures.length === 0 ? [] : [insertedText(inserted)],
      ].join("\n"),
    };
  },
});

async function migrate(context: Context, dir: string | undefined): Promise<CommandResult> {
  const opened = await openRunner(context, { schema: undefined, dir, writes: true });
  return await runMigrations(context, opened, () => opened.runner.up(), UP);
}
