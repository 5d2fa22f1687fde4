import type { MigrationProvider, UnnamedMigration } from "../migration.ts";
import { compareNames } from "../flyway/_names.ts";
import { assertFolderOptions, type FolderOptions, pathOf } from "./_folder_options.ts";
import { assertLocked, readLockFile, refuseLock } from "./_lock_file.ts";
import { namesThatReplace, namesThatRunOnce, readFolder } from "./_read_folder.ts";

export type { FolderOptions } from "./_folder_options.ts";

/**
 * Reads migrations from the files of a folder; their names are those of the files, without what stands
 * behind the last dot, and say the order.
 *
 * A file of TypeScript or JavaScript exports `up` and, if it can be undone, `down`; or has an object
 * with both as its default export. A file of SQL is read as `createSqlMigration()` does. Files whose
 * names begin with a dot or `_`, tests, declarations and files of other kinds are left out; folders,
 * too, unless they have a `migration.sql`, as those of Prisma: their names are the migrations'. A file is
 * read once, however often the migrations are asked for.
 *
 * A folder laid out as Flyway's is read as Flyway reads it, the folders within it included: `V2__users.sql`
 * before `V10__posts.sql`, `R__views.sql` again whenever it changes, `U2__users.sql` as what undoes
 * version 2, and `B10__all.sql` in place of all versions up to 10 where none is applied. Its scripts have
 * no `-- down`.
 *
 * If the folder has a `kysera.lock`, it has to have the same migrations in the same order.
 *
 * @param folder its path, or its URL
 * @param options how modules are loaded, and what placeholders stand for
 * @returns the migrations
 * @throws {BadRequestError} when they are asked for: if the folder or a file cannot be read or loaded,
 * a file exports no migration, two files have one name, or begin with the same number, or the lock
 * file does not fit
 *
 * @example
 * ```ts
 * import { folderOfMigrations } from "@kysera/migrations/files";
 * import assert from "node:assert/strict";
 *
 * const nowhere = folderOfMigrations(new URL("./nowhere/", import.meta.url));
 * await assert.rejects(nowhere.getMigrations(), /Cannot read migrations/);
 * ```
 */
export function folderOfMigrations(
  folder: string | URL,
  options: FolderOptions = {},
): MigrationProvider {
  assertFolderOptions(options);
  const path = pathOf(folder);
  let loaded: Promise<Record<string, UnnamedMigration>> | undefined;
  const load = async (): Promise<Record<string, UnnamedMigration>> => {
    const migrations = await readFolder(path, options);
    if (options.lock !== false) {
      const text = await readLockFile(path);
      if (text !== undefined) {
        await assertLocked(text, namesThatRunOnce(migrations), namesThatReplace(migrations));
      } else if (options.lock === "required") {
        throw refuseLock("there is none; call writeMigrationLock()");
      }
    }
    return migrations;
  };
  return {
    compareNames,
    getMigrations: () =>
      loaded ??= load().catch((error) => {
        // Whoever mends the file may ask again.
        loaded = undefined;
        throw error;
      }),
  };
}
