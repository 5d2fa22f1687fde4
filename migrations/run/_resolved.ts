import { BadRequestError, isPlainObject } from "@kysera/core";
import type {
  MigrationList,
  MigrationOperation,
  MigrationProvider,
  MigrationWithMeta,
  UnnamedMigration,
} from "../migration.ts";
import { normalizeSource, sha256 } from "./_hash.ts";

/** A migration that was looked at and found to be one. */
export interface ResolvedMigration {
  readonly name: string;
  /** Its place in the order of the code. */
  readonly index: number;
  readonly migration: MigrationWithMeta;
  /** Whether it wants a transaction; `undefined` where it does not say. */
  readonly transaction: boolean | undefined;
  /** The hash of its source, of one that runs again when that changes; `undefined` of any other. */
  readonly repeats: string | undefined;
  /** The migrations that it stands in for. */
  readonly replaces: readonly string[];
  /** The text that its hash is of; `undefined` where a function has none. */
  readonly source: string | undefined;
}

/** The names of histories are at most so long. */
export const LONGEST_NAME = 255;

/**
 * Returns migrations in the order in which they run.
 *
 * @throws {BadRequestError} if something is not a migration, or two have one name
 */
export async function resolveMigrations(list: MigrationList): Promise<ResolvedMigration[]> {
  const named = Array.isArray(list) ? list as readonly MigrationWithMeta[] : sortedByName(
    await definitionsOf(list as Exclude<MigrationList, readonly unknown[]>),
    isProvider(list) && list.compareNames !== undefined
      ? (one, other) => list.compareNames!(one, other)
      : undefined,
  );
  const seen = new Set<string>();
  const resolved: ResolvedMigration[] = [];
  for (const [index, migration] of named.entries()) {
    const name = assertMigration(migration, index);
    if (seen.has(name)) throw refuse(`Duplicate migration name: "${name}"`);
    seen.add(name);
    const source = sourceOf(migration);
    resolved.push({
      name,
      index,
      migration,
      transaction: migration.transaction ?? migration.config?.transaction,
      repeats: migration.repeatable === true
        ? await sha256(normalizeSource(source ?? ""))
        : undefined,
      replaces: migration.replaces ?? [],
      source,
    });
  }
  assertReplaced(resolved);
  return resolved;
}

/** Returns the hash of the source of a migration. */
export async function sourceHashOf({ source }: ResolvedMigration): Promise<string | undefined> {
  return source === undefined ? undefined : await sha256(normalizeSource(source));
}

/** Calls a migration one way. */
export async function callMigration(
  { migration }: ResolvedMigration,
  operation: MigrationOperation,
  db: Parameters<MigrationWithMeta["up"]>[0],
): Promise<void> {
  if (operation === "up") await migration.up(db);
  else await migration.down!(db);
}

async function definitionsOf(
  list: Readonly<Record<string, UnnamedMigration>> | MigrationProvider,
): Promise<Readonly<Record<string, UnnamedMigration>>> {
  if (typeof list !== "object" || list === null) {
    throw refuse("migrations have to be an array, an object, or a provider");
  }
  if (!isProvider(list)) return list;
  const given = await list.getMigrations();
  if (typeof given !== "object" || given === null) {
    throw refuse("the provider returned no object of migrations");
  }
  return given;
}

function isProvider(list: MigrationList): list is MigrationProvider {
  return "getMigrations" in list && typeof list.getMigrations === "function";
}

function sortedByName(
  definitions: Readonly<Record<string, UnnamedMigration>>,
  compareNames: MigrationProvider["compareNames"],
) {
  // As Kysely sorts them, unless it is said: by code units, and not as a language does.
  return Object.keys(definitions).sort(compareNames).map((name): MigrationWithMeta => {
    const definition = definitions[name];
    if (typeof definition !== "object" || definition === null) {
      throw refuse(`"${name}" is not a migration: it exports no functions up and down`);
    }
    // The functions may read `this`, and a namespace of a module cannot be spread into more.
    return isPlainObject(definition)
      ? { ...definition, name }
      : Object.create(definition, { name: { value: name, enumerable: true } });
  });
}

function assertMigration(migration: unknown, index: number): string {
  if (typeof migration !== "object" || migration === null) {
    throw refuse(`number ${index + 1} is not a migration`);
  }
  const { name, up, down, transaction, repeatable, config } = migration as Record<string, unknown>;
  if (typeof name !== "string" || name.trim() === "") {
    throw refuse(`number ${index + 1} has no name`);
  }
  if (name.length > LONGEST_NAME) {
    throw refuse(`the name "${name.slice(0, 60)}.." has more than ${LONGEST_NAME} characters`);
  }
  if (typeof up !== "function") throw refuse(`"${name}" has no function up`);
  if (down !== undefined && typeof down !== "function") {
    throw refuse(`down of "${name}" is not a function`);
  }
  const own = (config as { transaction?: unknown } | undefined)?.transaction;
  for (const value of [transaction, own]) {
    if (value !== undefined && typeof value !== "boolean") {
      throw refuse(`transaction of "${name}" is neither true nor false`);
    }
  }
  if (repeatable !== undefined && typeof repeatable !== "boolean") {
    throw refuse(`repeatable of "${name}" is neither true nor false`);
  }
  const { replaces } = migration as { readonly replaces?: unknown };
  if (replaces !== undefined && !isListOfNames(replaces)) {
    throw refuse(`replaces of "${name}" is not a list of names`);
  }
  if (repeatable === true && down !== undefined) {
    throw refuse(`"${name}" is repeatable, so it cannot be undone; remove its down`);
  }
  return name;
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
}

/** Throws if two migrations stand in for one, or one for itself. */
function assertReplaced(code: readonly ResolvedMigration[]): void {
  const by = new Map<string, string>();
  for (const { name, replaces, repeats } of code) {
    if (replaces.length > 0 && repeats !== undefined) {
      throw refuse(
        `"${name}" is repeatable, so it cannot stand in for others; remove its replaces`,
      );
    }
    for (const replaced of replaces) {
      if (replaced === name) throw refuse(`"${name}" replaces itself`);
      const other = by.get(replaced);
      if (other !== undefined) {
        throw refuse(
          `"${replaced}" is replaced by "${other}" and by "${name}"; remove one of them`,
        );
      }
      by.set(replaced, name);
    }
  }
  for (const name of by.keys()) {
    // Along the chain of those that replace each other, no name may come twice.
    const seen = new Set<string>();
    for (let next: string | undefined = name; next !== undefined; next = by.get(next)) {
      if (seen.has(next)) throw refuse(`"${name}" replaces itself through others`);
      seen.add(next);
    }
  }
}

function sourceOf({ up, down, source }: MigrationWithMeta): string | undefined {
  if (source !== undefined) return source;
  const text = `${String(up)}\n${down === undefined ? "" : String(down)}`;
  return text.includes("[native code]") ? undefined : text;
}

function refuse(problem: string): BadRequestError {
  return new BadRequestError(`Cannot use migrations: ${problem}`);
}
