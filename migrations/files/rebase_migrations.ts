import { BadRequestError } from "@kysera/core";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { UnnamedMigration } from "../migration.ts";
import { compareNames, flywayNameOf } from "../flyway/_names.ts";
import { assertFolderOptions, type FolderOptions, pathOf } from "./_folder_options.ts";
import { writeLockFile } from "./_lock_file.ts";
import { migrationFiles, nameOf, namesThatRunOnce, readFolder } from "./_read_folder.ts";
import { stampAfter, stampOf } from "./_stamp.ts";

/** Options of {@linkcode rebaseMigrations}. */
export interface RebaseOptions extends Pick<FolderOptions, "load"> {
  /** Whether nothing is renamed or written. Default: `false`. */
  readonly dryRun?: boolean | undefined;
}

/** A file that has another name now. */
export interface RenamedMigration {
  /** The name of the migration before. */
  readonly from: string;
  /** The name that it has now. */
  readonly to: string;
}

/**
 * Renames the migrations of a folder that are not applied and come before one that is, so that they
 * come after it, in the order that they had; and writes `kysera.lock` anew. What is applied is never
 * renamed.
 *
 * @param folder its path, or its URL
 * @param applied the names of the migrations that are applied in any database
 * @param options how modules are loaded
 * @returns what was renamed
 * @throws {BadRequestError} if a migration that has to be renamed begins with no number, or the folder
 * cannot be read
 *
 * @example
 * ```ts
 * import { rebaseMigrations } from "@kysera/migrations/files";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const folder = await mkdtemp(join(tmpdir(), "migrations-"));
 * await writeFile(join(folder, "001_posts.sql"), "create table posts (id integer);");
 * await writeFile(join(folder, "002_users.sql"), "create table users (id integer);");
 * // With a runner: await runner.getExecutedMigrations()
 * assert.deepEqual(await rebaseMigrations(folder, ["002_users"]), [
 *   { from: "001_posts", to: "003_posts" },
 * ]);
 * await rm(folder, { recursive: true });
 * ```
 */
export async function rebaseMigrations(
  folder: string | URL,
  applied: readonly string[],
  options: RebaseOptions = {},
): Promise<RenamedMigration[]> {
  const { dryRun = false, load } = options;
  assertFolderOptions({ load }, []);
  const path = pathOf(folder);
  const migrations = await readFolder(path, { load }, true);
  const names = namesThatRunOnce(migrations);
  const renamed = renamesOf(names, new Set(applied), lastApplied(applied, migrations));
  if (dryRun) return renamed;
  const files = new Map((await migrationFiles(path, true)).map((file) => [nameOf(file), file]));
  // From the last to the first, because a new name may be one that a later file still has.
  for (const { from, to } of [...renamed].reverse()) {
    const rest = files.get(from)!.slice(from.length);
    // With a folder of its own, that is renamed.
    const end = rest.startsWith("/") ? "" : rest;
    await rename(join(path, `${from}${end}`), join(path, `${to}${end}`));
  }
  const now = new Map(renamed.map(({ from, to }) => [from, to]));
  await writeLockFile(path, names.map((name) => now.get(name) ?? name).sort(compareNames));
  return renamed;
}

/** Returns the applied migration that comes last by its name; the folder need not have it. */
function lastApplied(
  applied: readonly string[],
  migrations: Readonly<Record<string, UnnamedMigration>>,
): string {
  const ordered = applied.filter((name) =>
    // What the folder does not have may be repeatable; then its name begins with no number.
    migrations[name] === undefined
      ? stampOf(name) !== undefined || (flywayNameOf(name)?.kind ?? "R") !== "R"
      : !migrations[name].repeatable
  );
  return ordered.sort(compareNames).at(-1) ?? "";
}

/** Returns what has to be renamed for the migrations that are not applied to come last. */
function renamesOf(
  names: readonly string[],
  applied: ReadonlySet<string>,
  lastApplied: string,
): RenamedMigration[] {
  const renamed: RenamedMigration[] = [];
  let last = lastApplied;
  for (const from of names) {
    if (applied.has(from)) continue;
    const stamp = stampOf(from);
    const before = stampOf(last);
    if (compareNames(from, last) > 0 && (before === undefined || stamp !== before)) {
      last = from;
      continue;
    }
    if (stamp === undefined || before === undefined) {
      throw refuse(
        `"${
          stamp === undefined ? from : last
        }" begins with no number that could be raised; rename ` +
          `"${from}" by hand, so that it comes after "${last}"`,
      );
    }
    const to = `${stampAfter(before)}${from.slice(stamp.length)}`;
    if (to <= last) {
      throw refuse(`no number of as many digits comes after that of "${last}"; rename it by hand`);
    }
    renamed.push({ from, to });
    last = to;
  }
  return renamed;
}

function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot rebase migrations: ${problem}`);
}
