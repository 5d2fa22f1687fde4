import { readSchema } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import { resolve } from "node:path";
import { failure } from "../../contract/_cli_error.ts";
import { type Option, text } from "../../contract/_options.ts";
import type { Context } from "../../program/_context.ts";
import { checkFixture } from "../../fixtures/_check_fixture.ts";
import { findFixtures, type LoadedFixture, loadFixture } from "../../fixtures/_fixture_files.ts";
import { insertRows } from "../../fixtures/_insert_rows.ts";

/** The option that says where fixtures are. */
export const DIRECTORY_OPTION: Option<string> = text(
  "--directory <path>",
  "the folder with the fixtures",
  { default: "tests/fixtures" },
);

/** Loads fixtures of a folder: those that are named, or all. */
export async function readFixtures(
  context: Context,
  directory: string,
  names: readonly string[],
): Promise<LoadedFixture[]> {
  const { root } = await context.settings();
  return await Promise.all(findFixtures(resolve(root, directory), names).map(loadFixture));
}

/**
 * Inserts the rows of fixtures, all or none.
 *
 * @returns how many, by the names of the tables
 * @throws {CliError} if a table or column does not exist, or a value is missing
 */
export async function loadFixtures(
  db: Kysely<any>,
  fixtures: readonly LoadedFixture[],
): Promise<Record<string, number>> {
  const snapshot = await readSchema(db);
  const problems = fixtures.flatMap((fixture) => checkFixture(fixture, snapshot.tables));
  if (problems.length > 0) {
    throw failure(`Cannot load fixtures: ${problems[0]}`, {
      hint: "`kysera test fixtures --validate` finds all that does not fit.",
    });
  }
  const rows = new Map<string, Readonly<Record<string, unknown>>[]>();
  for (const fixture of fixtures) {
    for (const [table, list] of Object.entries(fixture.rows)) {
      rows.set(table, [...rows.get(table) ?? [], ...list]);
    }
  }
  return await insertRows(db, snapshot, rows);
}

/** Says how many rows were inserted. */
export function insertedText(inserted: Readonly<Record<string, number>>): string {
  const lines = Object.entries(inserted).map(([table, count]) => `  ${table}: ${count}`);
  return lines.length === 0 ? "Nothing was inserted" : `Inserted rows:\n${lines.join("\n")}`;
}
