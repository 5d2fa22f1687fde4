import { BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import { readFile } from "node:fs/promises";
import type { UnnamedMigration } from "../migration.ts";
import { runnerOf } from "../sql/_run_script.ts";
import { marksOf } from "../sql/_script.ts";
import type { FolderOptions } from "./_folder_options.ts";
import { compareNames, compareVersions, flywayNameOf } from "../flyway/_names.ts";

type Placeholders = FolderOptions["placeholders"];
type Run = (db: Kysely<any>) => Promise<void>;

/** A file of Flyway, and what it is read as. */
export interface FlywayFile {
  readonly name: string;
  readonly migration: UnnamedMigration;
}

/** What Flyway keeps beside a script, in a file of its name and `.conf`. */
interface ScriptSettings {
  readonly transaction: boolean | undefined;
  readonly replaces: boolean;
}

const PLACEHOLDER = /\$\{([^{}]*)\}/g;

/**
 * Reads a script of Flyway: every statement is one of the migration, and placeholders get their values.
 *
 * @param path the file
 * @param name its name without folders and ending
 * @param file how it is called in errors
 */
export async function readFlywayScript(
  path: string,
  name: string,
  file: string,
  placeholders: Placeholders,
): Promise<UnnamedMigration> {
  const source = await readFile(path, "utf8");
  const settings = await settingsOf(path, file);
  const isRepeatable = flywayNameOf(name)!.kind === "R";
  const { text, missing } = settings.replaces
    ? replaced(source, placeholders)
    : { text: source, missing: undefined };
  const run = runnerOf({ text, hasMarks: false }, "up", name);
  const transaction = settings.transaction ?? marksOf(source).transaction;
  return {
    up: missing === undefined ? run : refusing(file, missing),
    // Flyway, too, sees that one which repeats has changed by the text that it runs.
    source: isRepeatable ? text : source,
    file,
    ...transaction === undefined ? {} : { transaction },
  };
}

/**
 * Puts the files of Flyway together: what undoes a version becomes the `down` of it, and what stands for
 * all versions up to its own replaces them.
 */
export function joinFlyway(files: readonly FlywayFile[]): Record<string, UnnamedMigration> {
  const named = files.map((file) => ({ ...file, ...flywayNameOf(file.name)! }))
    .sort((a, b) =>
      Number(a.kind === "R") - Number(b.kind === "R") || compareNames(a.name, b.name)
    );
  const undo = named.filter(({ kind }) => kind === "U");
  const migrations: Record<string, UnnamedMigration> = {};
  // What the next one that stands for others has to stand for: the last of those, and what came since.
  let since: string[] = [];
  for (const { name, kind, version, migration } of named) {
    if (kind === "U") continue;
    const down = kind === "V" && undo.find((each) => compareVersions(each.version, version) === 0);
    if (down && migration.down !== undefined) {
      throw refuse(
        `"${migration.file}" has a down, and "${down.migration.file}" undoes it as well`,
      );
    }
    const replaces = kind === "B" ? since : [];
    // What repeats has no place in the order.
    if (kind !== "R") since = kind === "B" ? [name] : [...since, name];
    migrations[name] = {
      ...migration,
      // One of code need not say it again.
      ...kind === "R" ? { repeatable: true } : {},
      ...down ? { down: (db) => down.migration.up(db) } : {},
      ...replaces.length > 0 ? { replaces } : {},
    };
  }
  return migrations;
}

function replaced(
  source: string,
  placeholders: Placeholders = {},
): { readonly text: string; readonly missing: string | undefined } {
  if (placeholders === false) return { text: source, missing: undefined };
  let missing: string | undefined;
  const text = source.replace(PLACEHOLDER, (written: string, name: string) => {
    if (Object.hasOwn(placeholders, name)) return placeholders[name]!;
    missing ??= written;
    return written;
  });
  return { text, missing };
}

/** What is applied already need not be able to run. */
function refusing(file: string, placeholder: string): Run {
  return () =>
    Promise.reject(
      new BadRequestError(
        `Cannot run "${file}": it has the placeholder "${placeholder}"; say what it stands for by the ` +
          "option placeholders, or set that to false if it is none",
      ),
    );
}

/** Reads the settings of a script; one that would be passed over is refused. */
async function settingsOf(path: string, file: string): Promise<ScriptSettings> {
  let text: string;
  try {
    text = await readFile(`${path}.conf`, "utf8");
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ENOENT") {
      return { transaction: undefined, replaces: true };
    }
    throw refuse(`"${file}.conf" cannot be read`, cause);
  }
  const settings = { transaction: undefined as boolean | undefined, replaces: true };
  for (const line of text.split(/\r\n?|\n/)) {
    if (line.trim() === "" || line.trim().startsWith("#")) continue;
    const [key = "", value = ""] = line.split("=").map((each) => each.trim());
    const isTrue = value.toLowerCase() === "true";
    if (key === "executeInTransaction") settings.transaction = isTrue;
    else if (key === "placeholderReplacement") settings.replaces = isTrue;
    else if (key !== "encoding" || !/^utf-?8$/i.test(value)) {
      throw refuse(`"${file}.conf" sets "${key}", which only Flyway knows; remove the line`);
    }
  }
  return settings;
}

function refuse(problem: string, cause?: unknown): BadRequestError {
  return new BadRequestError(
    `Cannot read migrations: ${problem}`,
    cause === undefined ? {} : { cause },
  );
}
