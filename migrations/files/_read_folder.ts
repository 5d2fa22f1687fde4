import { BadRequestError } from "@kysera/core";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createSqlMigration } from "../create_sql_migration.ts";
import { asReversibleAs } from "../irreversible.ts";
import type { UnnamedMigration } from "../migration.ts";
import { type FlywayFile, joinFlyway, readFlywayScript } from "./_flyway.ts";
import {
  assertFlywayVersions,
  compareNames,
  flywayNameOf,
  isFlywayFolder,
} from "../flyway/_names.ts";
import type { FolderOptions } from "./_folder_options.ts";
import { stampOf } from "./_stamp.ts";

/** Files that hold code. `.d.ts` is none of them. */
const CODE = /\.[cm]?[jt]s$/;
const SQL = /\.sql$/;
const DECLARATIONS = /\.d\.[cm]?ts$/;
const TESTS = /[._](?:test|spec)\.[cm]?[jt]s$/;

/** The script of a migration that has a folder of its own, as Prisma lays them out. */
const SCRIPT = "migration.sql";

/** Returns what loads modules. */
function loaderOf({ load }: FolderOptions): (url: string) => Promise<unknown> {
  return load ?? ((url) => import(url));
}

/**
 * Reads the migrations of a folder.
 *
 * @param folder its path
 * @param options how it is read
 * @param mayShareStamps whether two may begin with the same number
 */
export async function readFolder(
  folder: string,
  options: Pick<FolderOptions, "load" | "placeholders">,
  mayShareStamps: boolean = false,
): Promise<Record<string, UnnamedMigration>> {
  const load = loaderOf(options);
  const files = await filesOf(folder);
  if (isFlywayFolder(files.map(nameOf))) {
    assertFlywayVersions(files.map(nameOf));
    const all: FlywayFile[] = [];
    for (const file of files) {
      const [name, path] = [nameOf(file), join(folder, file)];
      const migration = SQL.test(file)
        ? await readFlywayScript(path, name, file, options.placeholders).catch((cause) => {
          throw cause instanceof BadRequestError
            ? cause
            : refuse(`"${file}" cannot be read`, cause);
        })
        : await readMigration(path, file, load);
      all.push({ name, migration });
    }
    return joinFlyway(all);
  }
  assertDifferentNames(files);
  const migrations: Record<string, UnnamedMigration> = {};
  for (const file of files) {
    migrations[nameOf(file)] = await readMigration(join(folder, file), file, load);
  }
  if (!mayShareStamps) {
    // Of one that stands in for another only one runs, so nothing is to be said of their order.
    const replaces = (name: string, other: string) => migrations[name]!.replaces?.includes(other);
    assertDifferentStamps(files, (a, b) => replaces(a, b) === true || replaces(b, a) === true);
  }
  return migrations;
}

/** Returns the names of migrations that stand in for others, and so come between others when new. */
export function namesThatReplace(
  migrations: Readonly<Record<string, UnnamedMigration>>,
): ReadonlySet<string> {
  return new Set(
    Object.keys(migrations).filter((name) => (migrations[name]!.replaces ?? []).length > 0),
  );
}

/** Returns the names of migrations that are not repeatable, in their order. */
export function namesThatRunOnce(
  migrations: Readonly<Record<string, UnnamedMigration>>,
): string[] {
  return Object.keys(migrations).filter((name) => migrations[name]!.repeatable !== true)
    .sort(compareNames);
}

/**
 * Returns the files that hold the migrations of a folder, in the order of their names: those in it, and
 * the scripts of migrations that have a folder of their own.
 */
export async function migrationFiles(
  folder: string,
  mayShareStamps: boolean = false,
): Promise<string[]> {
  const files = await filesOf(folder);
  if (isFlywayFolder(files.map(nameOf))) {
    assertFlywayVersions(files.map(nameOf));
    return files.filter((file) => flywayNameOf(nameOf(file))!.kind !== "U")
      .sort((a, b) => compareNames(nameOf(a), nameOf(b)));
  }
  assertDifferentNames(files);
  if (!mayShareStamps) assertDifferentStamps(files);
  return files;
}

/** Returns the files of a folder that may hold migrations. */
async function filesOf(folder: string): Promise<string[]> {
  try {
    const files = await filesIn(folder);
    const isFlyway = files.length > 0 && isFlywayFolder(files.map(nameOf));
    if (files.length > 0 && !isFlyway) return files;
    // Flyway reads the folders within, too.
    const within = await flywayFilesWithin(folder);
    return [...files, ...within].sort();
  } catch (cause) {
    if (cause instanceof BadRequestError) throw cause;
    throw refuse(`the folder "${folder}" cannot be read`, cause);
  }
}

/** Returns the files in the folders of a folder that have names of Flyway. */
async function flywayFilesWithin(folder: string, path = ""): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
    if (/^[._]|^node_modules$/.test(entry.name)) continue;
    const file = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) files.push(...await flywayFilesWithin(folder, file));
    else if (path !== "" && isMigration(entry.name) && flywayNameOf(entry.name) !== undefined) {
      files.push(file);
    }
  }
  return files;
}

async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) {
      if (isMigration(entry.name)) files.push(entry.name);
    } else if (
      !/^[._]/.test(entry.name) && (await readdir(join(folder, entry.name))).includes(SCRIPT)
    ) files.push(`${entry.name}/${SCRIPT}`);
  }
  return files.sort();
}

async function readMigration(
  path: string,
  file: string,
  load: (url: string) => Promise<unknown>,
): Promise<UnnamedMigration> {
  let source: string;
  try {
    source = await readFile(path, "utf8");
  } catch (cause) {
    throw refuse(`"${file}" cannot be read`, cause);
  }
  if (SQL.test(file)) return { ...createSqlMigration(nameOf(file), source), file };
  let module: unknown;
  try {
    module = await load(pathToFileURL(path).href);
  } catch (cause) {
    throw refuse(
      `"${file}" cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    );
  }
  const exported = migrationIn(module) ??
    migrationIn((module as { default?: unknown } | undefined)?.default);
  if (exported === undefined) {
    throw refuse(`"${file}" exports no function "up", and no object with one by default`);
  }
  // Functions that were taken out of their object would lose it.
  return {
    description: exported.description,
    breaking: exported.breaking,
    estimatedDuration: exported.estimatedDuration,
    tags: exported.tags,
    transaction: exported.transaction,
    config: exported.config,
    repeatable: exported.repeatable,
    replaces: exported.replaces,
    lintIgnore: exported.lintIgnore,
    up: (db) => exported.up(db),
    ...exported.down === undefined
      ? {}
      : { down: asReversibleAs((db) => exported.down!(db), exported.down) },
    source,
    file,
  };
}

function migrationIn(value: unknown): UnnamedMigration | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  return typeof (value as { up?: unknown }).up === "function"
    ? value as UnnamedMigration
    : undefined;
}

function isMigration(file: string): boolean {
  if (/^[._]/.test(file) || DECLARATIONS.test(file) || TESTS.test(file)) return false;
  return CODE.test(file) || SQL.test(file);
}

/** Returns the name of the migration in a file. */
export function nameOf(file: string): string {
  const own = file.slice(file.lastIndexOf("/") + 1);
  return own === SCRIPT && own !== file
    ? file.slice(0, file.indexOf("/"))
    : own.slice(0, own.lastIndexOf("."));
}

function assertDifferentNames(files: readonly string[]): void {
  const byName = new Map<string, string>();
  for (const file of files) {
    const name = nameOf(file);
    const same = byName.get(name);
    if (same !== undefined) throw refuse(`"${same}" and "${file}" have one name`);
    byName.set(name, file);
  }
}

function assertDifferentStamps(
  files: readonly string[],
  mayShare: (name: string, other: string) => boolean = () => false,
): void {
  const byStamp = new Map<string, string>();
  for (const file of files) {
    const stamp = stampOf(nameOf(file));
    if (stamp === undefined) continue;
    const other = byStamp.get(stamp);
    if (other !== undefined && !mayShare(nameOf(file), nameOf(other))) {
      throw refuse(
        `"${other}" and "${file}" begin with the same number, so nothing says which comes first; ` +
          `rename the one that is not applied yet, as rebaseMigrations() does`,
      );
    }
    byStamp.set(stamp, file);
  }
}

function refuse(problem: string, cause?: unknown): BadRequestError {
  return new BadRequestError(
    `Cannot read migrations: ${problem}`,
    cause === undefined ? {} : { cause },
  );
}
