import { BadRequestError } from "@kysera/core";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../run/_hash.ts";
import { compareNames } from "../flyway/_names.ts";

/** The name of the file that keeps the order of the migrations of a folder. */
export const LOCK_FILE = "kysera.lock";

const HEADER =
  `# The order of the migrations: each line is chained to the one before. Do not edit it.
# If two branches conflict here, keep the migrations of both, and run \`kysera migrate rebase\` or call
# rebaseMigrations(), which writes this file anew.
`;
/** How many hexadecimal digits of a hash are kept. */
const DIGITS = 32;

/** Returns the content of the file for names in their order. */
export async function lockText(names: readonly string[]): Promise<string> {
  let text = HEADER;
  let hash = "";
  for (const name of names) {
    hash = await chained(hash, name);
    text += `${name} ${hash}\n`;
  }
  return text;
}

/** Writes the file. */
export async function writeLockFile(folder: string, names: readonly string[]): Promise<void> {
  await writeFile(join(folder, LOCK_FILE), await lockText(names));
}

/**
 * Returns the content of the file; `undefined` if there is none.
 *
 * @throws {BadRequestError} if it cannot be read
 */
export async function readLockFile(folder: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, LOCK_FILE), "utf8");
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ENOENT") return undefined;
    throw new BadRequestError(`Cannot read migrations: "${LOCK_FILE}" cannot be read`, { cause });
  }
}

/**
 * Returns the names in a lock file, in their order.
 *
 * @throws {BadRequestError} if branches conflict in it, or a line is not chained to the one before
 */
export async function namesIn(text: string): Promise<string[]> {
  const names: string[] = [];
  let hash = "";
  for (const [index, line] of text.split(/\r\n?|\n/).entries()) {
    if (/^(?:<<<<<<<|=======|>>>>>>>|\|\|\|\|\|\|\|)/.test(line)) {
      throw refuseLock(
        "two branches conflict in it, because both have added migrations; keep the files of both, and " +
          "call rebaseMigrations(), which renames what is not applied and writes it anew",
      );
    }
    if (line === "" || line.startsWith("#")) continue;
    const space = line.lastIndexOf(" ");
    const name = line.slice(0, space);
    hash = await chained(hash, name);
    if (space < 1 || line.slice(space + 1) !== hash) {
      throw refuseLock(
        `line ${index + 1} is not chained to the one before, so it was edited or merged by hand; ` +
          "call rebaseMigrations(), which writes it anew",
      );
    }
    names.push(name);
  }
  return names;
}

/**
 * Compares a lock file with the migrations of its folder.
 *
 * @param text the content of the file
 * @param names the migrations that run once, in the order of their names
 * @param replacing those that stand in for others
 * @throws {BadRequestError} if they are not the same, with what to do
 */
export async function assertLocked(
  text: string,
  names: readonly string[],
  replacing: ReadonlySet<string>,
): Promise<void> {
  const locked = await namesIn(text);
  const lost = locked.find((name) => !names.includes(name));
  if (lost !== undefined) {
    throw refuseLock(
      `it has "${lost}", and there is no such file: restore the file, or call ` +
        "writeMigrationLock() if the migration was not applied anywhere, or another one replaces it",
    );
  }
  const added = names.find((name) => !locked.includes(name));
  if (added !== undefined) {
    if (!replacing.has(added)) assertLast(added, locked);
    throw refuseLock(
      `it does not have "${added}": call writeMigrationLock(), and commit it with the migration`,
    );
  }
  const moved = locked.findIndex((name, index) => names[index] !== name);
  if (moved >= 0) {
    throw refuseLock(
      `it has "${locked[moved]}" where "${
        names[moved]
      }" comes by its name; call rebaseMigrations()`,
    );
  }
}

/**
 * Asserts that a new migration comes after those that are locked.
 *
 * @throws {BadRequestError} if it does not
 */
export function assertLast(name: string, locked: readonly string[]): void {
  const later = locked.find((other) => compareNames(other, name) > 0);
  if (later === undefined) return;
  throw refuseLock(
    `"${name}" is new, and comes before "${later}", which may be applied already: give it a name ` +
      "that comes later, or run rebase",
  );
}

/** Returns an error about the lock file. */
export function refuseLock(problem: string): BadRequestError {
  return new BadRequestError(`Cannot use "${LOCK_FILE}": ${problem}`);
}

async function chained(hash: string, name: string): Promise<string> {
  return (await sha256(`${hash}\n${name}`)).slice(0, DIGITS);
}
