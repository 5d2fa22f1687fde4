import { assertKnownOptions, BadRequestError } from "@kysera/core";
import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createSqlMigration } from "../create_sql_migration.ts";
import type { MigrationProvider, UnnamedMigration } from "../migration.ts";

/** Options of {@linkcode folderOfMigrations}. */
export interface FolderOptions {
  /**
   * Loads a module, by the URL of its file. Default: `import()`, which needs a runtime that reads
   * TypeScript where the files are that (Deno, Bun, Node from 22.18 on).
   */
  readonly load?: ((url: string) => Promise<unknown>) | undefined;
}

/** Files that hold code. `.d.ts` is none of them. */
const CODE = /\.[cm]?[jt]s$/;
const SQL = /\.sql$/;
const DECLARATIONS = /\.d\.[cm]?ts$/;
const TESTS = /[._](?:test|spec)\.[cm]?[jt]s$/;
/** The digits, with what may separate them, that the name of a file begins with. */
const STAMP = /^\d[\d-]*(?=[_.-]|\D|$)/;

/**
 * Reads migrations from the files of a folder; their names are those of the files, without what stands
 * behind the last dot, and say the order.
 *
 * A file of TypeScript or JavaScript exports `up` and, if it can be undone, `down`; or has an object
 * with both as its default export. A file of SQL is read as `createSqlMigration()` does. Files whose
 * names begin with a dot or `_`, tests, declarations and files of other kinds are left out. A file is
 * read once, however often the migrations are asked for.
 *
 * @param folder its path, or its URL
 * @param options how modules are loaded
 * @returns the migrations
 * @throws {BadRequestError} when they are asked for: if the folder or a file cannot be read or loaded,
 * a file exports no migration, or two files have one name, or begin with the same number
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
  assertKnownOptions(options, ["load"], { action: "read migrations" });
  const path = typeof folder === "string" ? resolve(folder) : fileURLToPath(folder);
  const load = options.load ?? ((url: string) => import(url));
  let loaded: Promise<Record<string, UnnamedMigration>> | undefined;
  return {
    getMigrations: () =>
      loaded ??= readFolder(path, load).catch((error) => {
        // Whoever mends the file may ask again.
        loaded = undefined;
        throw error;
      }),
  };
}

async function readFolder(
  folder: string,
  load: (url: string) => Promise<unknown>,
): Promise<Record<string, UnnamedMigration>> {
  let files: string[];
  try {
    files = (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name).filter(isMigration).sort();
  } catch (cause) {
    throw refuse(`the folder "${folder}" cannot be read`, cause);
  }
  assertDifferent(files);
  const migrations: Record<string, UnnamedMigration> = {};
  for (const file of files) {
    migrations[nameOf(file)] = await readMigration(join(folder, file), file, load);
  }
  return migrations;
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
    up: (db) => exported.up(db),
    ...exported.down === undefined ? {} : { down: (db) => exported.down!(db) },
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

function nameOf(file: string): string {
  return file.slice(0, file.lastIndexOf("."));
}

function assertDifferent(files: readonly string[]): void {
  const byName = new Map<string, string>();
  const byStamp = new Map<string, string>();
  for (const file of files) {
    const name = nameOf(file);
    const same = byName.get(name);
    if (same !== undefined) {
      throw refuse(`"${same}" and "${file}" have one name`);
    }
    byName.set(name, file);
    const stamp = STAMP.exec(name)?.[0];
    const other = stamp === undefined ? undefined : byStamp.get(stamp);
    if (other !== undefined) {
      throw refuse(
        `"${other}" and "${file}" begin with the same number, so nothing says which comes first; ` +
          `rename the one that is not applied yet`,
      );
    }
    if (stamp !== undefined) byStamp.set(stamp, file);
  }
}

function refuse(problem: string, cause?: unknown): BadRequestError {
  return new BadRequestError(
    `Cannot read migrations: ${problem}`,
    cause === undefined ? {} : { cause },
  );
}
