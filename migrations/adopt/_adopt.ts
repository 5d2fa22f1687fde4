import { assertKnownOptions, BadRequestError } from "@kysera/core";
import type { Kysely } from "kysely";
import { MigrationStateError } from "../errors.ts";
import type { HistoryEntry } from "../history/_entry.ts";
import type { AdoptOptions, AdoptResult } from "../adopt.ts";
import type { Settings } from "../options.ts";
import { Engine } from "../run/_engine.ts";
import { nextSequence } from "../run/_in_transaction.ts";
import { LONGEST_NAME, type ResolvedMigration, sourceHashOf } from "../run/_resolved.ts";
import { findHistory } from "./_find.ts";
import type { ForeignEntry, ForeignNote } from "./_foreign.ts";

const ACTION = "adopt a history";
const OPTIONS: Readonly<Record<keyof AdoptOptions, true>> = {
  from: true,
  table: true,
  tableSchema: true,
  journal: true,
  rename: true,
  unknown: true,
  dryRun: true,
};
const TOOLS: readonly unknown[] = [
  undefined,
  "kysely",
  "kysera",
  "kysera-cli",
  "prisma",
  "drizzle",
  "flyway",
];

/** A migration that is taken over. */
interface Adopted extends ForeignEntry {
  readonly code: ResolvedMigration | undefined;
  /** The hash of its source, if that is the one that was applied. */
  readonly sourceHash: string | undefined;
}

/**
 * Takes the history of another tool over: reads it, refuses what is not finished, and records the rest.
 *
 * @param db the database
 * @param code the migrations
 * @param settings the options of the runner
 * @param options which history
 */
export async function adopt(
  db: Kysely<any>,
  code: readonly ResolvedMigration[],
  settings: Settings,
  options: AdoptOptions,
): Promise<AdoptResult> {
  assertOptions(options);
  const { rename, unknown = "record", dryRun = settings.dryRun } = options;
  // What is taken over is said in the options, and not found when the tables are created.
  const engine = new Engine(db, { ...settings, adopt: false });
  const { found, read } = await engine.query(async (own) => {
    const found = await findHistory(own, engine.traits, {
      ...options,
      ownSchema: settings.schema,
    });
    const read = await found.history.read({
      db: found.schema === undefined ? own : own.withSchema(found.schema),
      traits: engine.traits,
      table: found.table,
      columns: found.columns,
      code,
      journal: options.journal,
      isRenamed: rename !== undefined,
    });
    return { found, read };
  });
  if (read.refused.length > 0) {
    throw new MigrationStateError(
      read.refused.map((note) => ({ kind: "failed", ...note })),
      ACTION,
    );
  }
  const notes: ForeignNote[] = [...read.notes];
  const all: Adopted[] = [];
  for (const entry of named(read.entries, rename)) all.push(await matched(entry, code, notes));
  const missing = all.filter((entry) => entry.code === undefined).map(({ name }) => name);
  const wanted = unknown === "leave" ? all.filter(({ code }) => code !== undefined) : all;
  const result = (entries: readonly HistoryEntry[]): AdoptResult => {
    const known = knownNames(entries);
    return {
      from: found.history.tool,
      table: found.schema === undefined ? found.table : `${found.schema}.${found.table}`,
      adopted: wanted.filter(({ name }) => !known.has(name)).map(({ name }) => name),
      known: wanted.filter(({ name }) => known.has(name)).map(({ name }) => name),
      unknown: missing,
      notes,
      dryRun,
    };
  };
  if (dryRun) return result((await engine.read()).entries);
  return await engine.change(async (history, entries) => {
    const known = knownNames(entries);
    const first = nextSequence(entries);
    await history.insertApplied(
      wanted.filter(({ name }) => !known.has(name)).map((entry, index) => ({
        name: entry.name,
        sequence: first + index,
        executedAt: entry.executedAt,
        duration: entry.duration === undefined ? undefined : Math.round(entry.duration),
        sourceHash: entry.sourceHash,
        planHash: undefined,
        plan: undefined,
      })),
    );
    return result(entries);
  });
}

/** Finds the code of a migration, and compares it with what was applied if there is a checksum. */
async function matched(
  entry: ForeignEntry,
  code: readonly ResolvedMigration[],
  notes: ForeignNote[],
): Promise<Adopted> {
  const migration = code.find(({ name }) => name === entry.name);
  // The text of functions is not what another tool has applied.
  const text = migration?.migration.source;
  if (migration === undefined || text === undefined || entry.isOf === undefined) {
    return { ...entry, code: migration, sourceHash: undefined };
  }
  const isSame = await entry.isOf(text);
  if (!isSame) {
    notes.push({
      migrationName: entry.name,
      message: "its text is not the one that was applied, by the checksum",
    });
  }
  return {
    ...entry,
    code: migration,
    sourceHash: isSame ? await sourceHashOf(migration) : undefined,
  };
}

/** Returns the entries with the names that they get in the history. */
function named(
  entries: readonly ForeignEntry[],
  rename: (name: string) => unknown = (name) => name,
): readonly ForeignEntry[] {
  const names = new Map<string, string>();
  return entries.map((entry) => {
    const name = rename(entry.name);
    if (typeof name !== "string" || name.trim() === "" || name.length > LONGEST_NAME) {
      throw refuse(
        `"${entry.name}" needs a name of 1 to ${LONGEST_NAME} characters; the option "rename" has to ` +
          "return one",
      );
    }
    const other = names.get(name);
    if (other !== undefined) {
      throw refuse(
        `"${other}" and "${entry.name}" have one name, "${name}"; the option "rename" can tell them apart`,
      );
    }
    names.set(name, entry.name);
    return { ...entry, name };
  });
}

/** Returns the names that the history has. What stopped halfway in it has to be settled first. */
function knownNames(entries: readonly HistoryEntry[]): ReadonlySet<string> {
  const halfway = entries.filter(({ state }) => state !== "applied");
  if (halfway.length > 0) {
    throw new MigrationStateError(
      halfway.map(({ name, operation }) => ({
        kind: "failed",
        migrationName: name,
        message: `it stopped halfway ${operation}: call resume() or repair() first`,
      })),
      ACTION,
    );
  }
  return new Set(entries.map(({ name }) => name));
}

function assertOptions(options: AdoptOptions): void {
  assertKnownOptions(options, Object.keys(OPTIONS), { action: ACTION });
  const { from, table, tableSchema, rename, unknown, dryRun } = options;
  if (!TOOLS.includes(from)) {
    throw refuse(
      `the option "from" has to be one of ${TOOLS.slice(1).map((t) => `"${t}"`).join(", ")}`,
    );
  }
  for (const [name, value] of Object.entries({ table, tableSchema })) {
    if (value === undefined || (typeof value === "string" && value !== "")) continue;
    throw refuse(`the option "${name}" has to be a text`);
  }
  if (rename !== undefined && typeof rename !== "function") {
    throw refuse('the option "rename" has to be a function');
  }
  if (![undefined, "record", "leave"].includes(unknown)) {
    throw refuse('the option "unknown" has to be "record" or "leave"');
  }
  if (dryRun !== undefined && typeof dryRun !== "boolean") {
    throw refuse('the option "dryRun" has to be true or false');
  }
}

function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot ${ACTION}: ${problem}`);
}
