import { readSchema } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import { join, resolve } from "node:path";
import { usageError } from "../../contract/_cli_error.ts";
import { ExitCodes } from "../../contract/_exit_codes.ts";
import { flag, list, text } from "../../contract/_options.ts";
import { writeWholeFile } from "../../files/_write_whole_file.ts";
import { checkFixture } from "../../fixtures/_check_fixture.ts";
import { readRows } from "../../fixtures/_read_rows.ts";
import type { LoadedFixture } from "../../fixtures/_fixture_files.ts";
import { type Command, type CommandResult, defineCommand } from "../../program/_command.ts";
import { table } from "../../terminal/_table.ts";
import { inTestDatabase, TEST_OPTIONS } from "../../test_database/_in_test_database.ts";
import { DIRECTORY_OPTION, insertedText, loadFixtures, readFixtures } from "./_load_fixtures.ts";

/** `kysera test fixtures`. */
export const command: Command = defineCommand({
  environment: "test",
  description:
    'A fixture is a file of JSON, or a module: { "users": [{ "id": 1, "name": "Ada" }] }, a function that\n' +
    "returns that, or a list of rows of the table that the file is named after. Rows that others refer to\n" +
    "are inserted first, and all of them or none. --validate exits with 3 if something does not fit.",
  options: {
    load: list("-l, --load <names>", "load these alone"),
    list: flag("--list", "list them, and load none"),
    validate: flag("--validate", "compare them with the schema, and load none"),
    save: text("-s, --save <name>", "write the rows of the database to a new fixture"),
    tables: list("-t, --tables <names>", "save these tables alone"),
    directory: DIRECTORY_OPTION,
    confirm: text("--confirm <database>", 'the name of the database, if it has no "test" in it'),
    ...TEST_OPTIONS,
  },
  examples: [
    ["kysera test fixtures", "load all of tests/fixtures"],
    ["kysera test fixtures --validate", "find what no longer fits"],
    ["kysera test fixtures --save shop -t users,posts", "keep rows for later"],
  ],
  async run({ context, options }) {
    if ([options.list, options.validate, options.save !== undefined].filter(Boolean).length > 1) {
      throw usageError("--list, --validate and --save do different things: give one of them");
    }
    if (options.list) return listed(await readFixtures(context, options.directory, options.load));
    const within = await inTestDatabase(context, options);
    const { db } = await within.open({ missing: "refuse" });
    if (options.save !== undefined) {
      const { root } = await context.settings();
      const path = join(resolve(root, options.directory), `${options.save}.json`);
      return await save(db, path, options.tables);
    }
    const fixtures = await readFixtures(context, options.directory, options.load);
    if (options.validate) return await validate(db, fixtures);
    const inserted = await context.finishFirst(() => loadFixtures(db, fixtures));
    return { data: { inserted }, text: insertedText(inserted) };
  },
});

function listed(fixtures: readonly LoadedFixture[]): CommandResult {
  const data = fixtures.map(({ name, rows }) => ({
    name,
    tables: Object.fromEntries(Object.entries(rows).map(([of, list]) => [of, list.length])),
  }));
  const lines = data.flatMap(({ name, tables }) =>
    Object.entries(tables).map(([of, count]) => [name, of, count])
  );
  return {
    data: { fixtures: data },
    text: lines.length === 0 ? "There are no fixtures" : table(["Fixture", "Table", "Rows"], lines),
  };
}

async function validate(
  db: Kysely<any>,
  fixtures: readonly LoadedFixture[],
): Promise<CommandResult> {
  const { tables } = await readSchema(db);
  const problems = fixtures.flatMap((fixture) => checkFixture(fixture, tables));
  return {
    data: { problems },
    text: problems.length === 0 ? `${fixtures.length} fixtures fit` : problems.join("\n"),
    exitCode: problems.length === 0 ? ExitCodes.OK : ExitCodes.FINDINGS,
  };
}

async function save(
  db: Kysely<any>,
  path: string,
  names: readonly string[],
): Promise<CommandResult> {
  const { tables, dialect } = await readSchema(db);
  const saved: Record<string, unknown[]> = {};
  for (const table of tables) {
    const isOther = table.kind !== "table" || table.partitioning.bound !== null;
    if (isOther || (names.length > 0 && !names.includes(table.name))) continue;
    const rows = await readRows(db, table, dialect);
    if (rows.length > 0) saved[table.name] = rows;
  }
  await writeWholeFile(path, `${JSON.stringify(saved, null, 2)}\n`);
  const counts = Object.fromEntries(Object.entries(saved).map(([of, rows]) => [of, rows.length]));
  return { data: { file: path, saved: counts }, text: `Wrote ${path}` };
}
