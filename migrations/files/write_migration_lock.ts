import { assertFolderOptions, type FolderOptions, pathOf } from "./_folder_options.ts";
import { assertLast, namesIn, readLockFile, writeLockFile } from "./_lock_file.ts";
import { namesThatReplace, namesThatRunOnce, readFolder } from "./_read_folder.ts";

/**
 * Writes `kysera.lock`, which has the migrations of a folder in their order, each chained to the one
 * before. It is committed with them: two branches that both add migrations conflict in it, so that
 * nobody merges a migration into the middle of those that are applied without noticing.
 *
 * Repeatable migrations have no place in the order, and are left out.
 *
 * @param folder its path, or its URL
 * @param options how modules are loaded
 * @returns the names that are locked
 * @throws {BadRequestError} if a new migration comes before one that is locked, two branches conflict
 * in the file, or the folder cannot be read
 *
 * @example
 * ```ts
 * import { folderOfMigrations, writeMigrationLock } from "@kysera/migrations/files";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const folder = await mkdtemp(join(tmpdir(), "migrations-"));
 * await writeFile(join(folder, "002_users.sql"), "create table users (id integer);");
 * assert.deepEqual(await writeMigrationLock(folder), ["002_users"]);
 *
 * // Another branch adds one, and is merged late.
 * await writeFile(join(folder, "001_posts.sql"), "create table posts (id integer);");
 * await assert.rejects(folderOfMigrations(folder).getMigrations(), /"001_posts" is new, .*rebase/);
 * await rm(folder, { recursive: true });
 * ```
 */
export async function writeMigrationLock(
  folder: string | URL,
  options: Pick<FolderOptions, "load"> = {},
): Promise<string[]> {
  assertFolderOptions(options);
  const path = pathOf(folder);
  const migrations = await readFolder(path, options);
  const names = namesThatRunOnce(migrations);
  const text = await readLockFile(path);
  if (text !== undefined) {
    const locked = await namesIn(text);
    const replacing = namesThatReplace(migrations);
    for (const name of names) {
      if (!locked.includes(name) && !replacing.has(name)) assertLast(name, locked);
    }
  }
  await writeLockFile(path, names);
  return names;
}
