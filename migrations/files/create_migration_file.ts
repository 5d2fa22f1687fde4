import { BadRequestError } from "@kysera/core";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  compareNames,
  compareVersions,
  flywayNameOf,
  isFlywayFolder,
  versionAfter,
} from "../flyway/_names.ts";
import { marksOf } from "../sql/_script.ts";
import { assertFolderOptions, type FolderOptions, pathOf } from "./_folder_options.ts";
import { readLockFile } from "./_lock_file.ts";
import { migrationFiles, nameOf } from "./_read_folder.ts";
import { stampAfter, stampOf, stampOfTime } from "./_stamp.ts";
import { writeMigrationLock } from "./write_migration_lock.ts";

/** Options of {@linkcode createMigrationFile}. */
export interface MigrationFileOptions extends Pick<FolderOptions, "load"> {
  /** The kind of file. Default: `"ts"`. */
  readonly extension?: "ts" | "js" | "mts" | "mjs" | "sql" | undefined;
  /** The text of the file. Default: functions `up` and `down` to fill in, or the marks of a script. */
  readonly content?: string | undefined;
  /** The time that the name begins with. Default: now. */
  readonly now?: Date | undefined;
  /** Whether `kysera.lock` is written even if there is none yet. Default: `true`. */
  readonly lock?: boolean | undefined;
}

const TEMPLATES: Readonly<Record<NonNullable<MigrationFileOptions["extension"]>, string>> = {
  ts: typescript(": Kysely<any>): Promise<void>", `import type { Kysely } from "kysely";\n\n`),
  mts: typescript(": Kysely<any>): Promise<void>", `import type { Kysely } from "kysely";\n\n`),
  js: typescript(")", ""),
  mjs: typescript(")", ""),
  sql: "\n\n-- down\n",
};

/**
 * Creates a file for a new migration, with a name that comes after all others, and adds it to
 * `kysera.lock`. The name begins with the time in UTC, or with the next number in a folder of numbers, or
 * the next version in one of Flyway, where what stands behind `-- down` gets a file of its own.
 *
 * @param folder its path, or its URL; it is created if it is not there
 * @param name what the migration does; spaces become `_`
 * @param options the kind of file, and its text
 * @returns the path of the file
 * @throws {BadRequestError} if the name holds other characters than letters, digits, `_` and `-`, or
 * the lock file does not fit
 *
 * @example
 * ```ts
 * import { createMigrationFile } from "@kysera/migrations/files";
 * import assert from "node:assert/strict";
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { basename, join } from "node:path";
 *
 * const folder = await mkdtemp(join(tmpdir(), "migrations-"));
 * const file = await createMigrationFile(folder, "add users", {
 *   extension: "sql",
 *   now: new Date("2024-01-02T03:04:05Z"),
 * });
 * assert.equal(basename(file), "20240102030405_add_users.sql");
 * await rm(folder, { recursive: true });
 * ```
 */
export async function createMigrationFile(
  folder: string | URL,
  name: string,
  options: MigrationFileOptions = {},
): Promise<string> {
  const { extension = "ts", now = new Date(), lock = true, load } = options;
  assertFolderOptions(
    { ...options, lock } as FolderOptions,
    ["extension", "content", "now"],
  );
  const words = typeof name === "string" ? name.trim().replace(/\s+/g, "_") : "";
  if (!/^[\p{L}\p{N}_-]+$/u.test(words)) {
    throw refuse(`the name "${name}" has to consist of letters, digits, "_" and "-"`);
  }
  if (!Object.hasOwn(TEMPLATES, extension)) {
    throw refuse(`files of the kind "${extension}" hold no migrations`);
  }
  const path = pathOf(folder);
  await mkdir(path, { recursive: true });
  const names = (await migrationFiles(path)).map(nameOf);
  const content = options.content ?? TEMPLATES[extension];
  const file = isFlywayFolder(names)
    ? await writeFlywayFile(path, words, { names, extension, content, now })
    : join(path, `${nextStamp(names, now)}_${words}.${extension}`);
  if (!isFlywayFolder(names)) await writeFile(file, content, { flag: "wx" });
  if (lock || await readLockFile(path) !== undefined) await writeMigrationLock(path, { load });
  return file;
}

/** What is to be written into a folder of Flyway. */
interface FlywayRequest {
  /** The names of its migrations. */
  readonly names: readonly string[];
  readonly extension: string;
  readonly content: string;
  readonly now: Date;
}

/** Writes a migration as Flyway names and parts it; returns the path of its file. */
async function writeFlywayFile(
  path: string,
  words: string,
  { names, extension, content, now }: FlywayRequest,
): Promise<string> {
  const write = async (prefix: string, text: string): Promise<string> => {
    const file = join(path, `${prefix}__${words}.${extension}`);
    await writeFile(file, text.trim() === "" ? "\n" : `${text.trim()}\n`, { flag: "wx" });
    return file;
  };
  const next = nextVersion(names, now);
  if (extension !== "sql") return await write(`V${next}`, content);
  const { replaces } = marksOf(content);
  if (replaces.length > 0) {
    const version = assertReplacesAll(names, replaces);
    return await write(`B${version}`, content.replace(/^--[^\S\n]*replaces[^\S\n]*:.*$/gim, ""));
  }
  // What undoes a version has a file of its own.
  const [up = "", down = ""] = content.split(/^--[^\S\n]*down[^\S\n]*$/im);
  const file = await write(`V${next}`, up);
  if (down.trim() !== "") await write(`U${next}`, down);
  return file;
}

/** Asserts that a migration replaces all that a baseline of Flyway stands for; returns the version. */
function assertReplacesAll(names: readonly string[], replaces: readonly string[]): string {
  const ordered = names.filter((name) => flywayNameOf(name)!.kind !== "R").sort(compareNames);
  // A baseline in the list stands for what comes before it.
  const start = ordered.findLastIndex((name) =>
    flywayNameOf(name)!.kind === "B" && replaces.includes(name)
  );
  const missing = ordered.slice(Math.max(start, 0)).find((name) => !replaces.includes(name));
  const last = ordered.at(-1);
  if (missing !== undefined || last === undefined) {
    throw refuse(
      `in a folder of Flyway a migration replaces all versions up to its own, and it does not replace ` +
        `"${missing ?? replaces[0]}"`,
    );
  }
  return flywayNameOf(last)!.version;
}

/** Returns a version that comes after those of all files. */
function nextVersion(names: readonly string[], now: Date): string {
  const versions = names.map((name) => flywayNameOf(name)!.version).filter((each) => each !== "");
  const last = versions.sort(compareVersions).at(-1);
  if (last === undefined) return "1";
  if (!/^\d{14}$/.test(last)) return versionAfter(last);
  const time = stampOfTime(now);
  return time > last ? time : stampAfter(last);
}

/** Returns a stamp that comes after those of all files. */
function nextStamp(names: readonly string[], now: Date): string {
  const last = names.map(stampOf).filter((stamp) => stamp !== undefined).sort().at(-1);
  const time = stampOfTime(now);
  if (last === undefined) return time;
  // A clock may be behind that of a colleague.
  if (last.replaceAll("-", "").length === 14) return time > last ? time : stampAfter(last);
  const next = stampAfter(last);
  if (next > last) return next;
  throw refuse(`no number of as many digits comes after "${last}"`);
}

function typescript(rest: string, imports: string): string {
  const of = (name: string) => `export async function ${name}(db${rest} {\n}\n`;
  return `${imports}${of("up")}\n${of("down")}`;
}

function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot create a migration: ${problem}`);
}
