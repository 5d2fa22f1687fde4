import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { failure, usageError } from "../contract/_cli_error.ts";

const SEED = /\.(?:[cm]?[jt]s|sql)$/;
const NONE = /^[._]|\.d\.[cm]?ts$|[._](?:test|spec)\.[cm]?[jt]s$/;

/**
 * Returns the files with seeds, in the order of their names.
 *
 * @param folder where they are
 * @param file the only one that is meant
 */
export function findSeeds(folder: string, file: string | undefined): string[] {
  if (file !== undefined) {
    if (!existsSync(file)) throw usageError(`There is no file "${file}"`);
    return [file];
  }
  if (!existsSync(folder)) {
    throw failure(`Cannot read seeds: there is no folder "${folder}"`, {
      hint: "A seed is a file that exports `seed(db)`, or a script of SQL. Set `seeds.directory`.",
    });
  }
  return readdirSync(folder).filter((name) => SEED.test(name) && !NONE.test(name)).sort()
    .map((name) => join(folder, name));
}

/** The name of a seed: that of its file. */
export function seedName(file: string): string {
  return basename(file);
}
