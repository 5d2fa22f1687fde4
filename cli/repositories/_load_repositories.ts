import { describeRepository, type RepositoryDescription } from "@kysera/repository";
import type { Kysely } from "kysely";
import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { loadModule } from "../config/_load_module.ts";
import { failure } from "../contract/_cli_error.ts";
import { messageOf } from "../contract/_message_of.ts";

/** A repository of the project. */
export interface FoundRepository {
  /** The export that it is, or that creates it. */
  readonly name: string;
  /** The file, relative to the folder of the project. */
  readonly file: string;
  readonly table: string;
  readonly primaryKey: readonly string[];
  /** What it was made of; absent for a repository of one's own. */
  readonly description: RepositoryDescription | undefined;
  readonly repository: object;
}

/** An export that looks like one that creates a repository, and does not. */
export interface SkippedExport {
  readonly name: string;
  readonly file: string;
  readonly reason: string;
}

/** The repositories of some files. */
export interface LoadedRepositories {
  readonly repositories: readonly FoundRepository[];
  readonly skipped: readonly SkippedExport[];
}

/** What creates repositories, as the text of a function has it. */
const CREATES = /\bcreate(?:Simple|Base)?Repository\b|\bcreateTableOperations\b/;

/**
 * Loads modules, and finds the repositories among what they export: repositories, functions that create
 * one of a database, and classes that extend `ContextAwareRepository`.
 *
 * @param db what functions and classes are called with; nothing can be written by it
 * @param root the folder of the project
 * @throws {CliError} if a module cannot be loaded
 */
export async function loadRepositories(
  files: readonly string[],
  db: Kysely<any>,
  root: string,
): Promise<LoadedRepositories> {
  const repositories: FoundRepository[] = [];
  const skipped: SkippedExport[] = [];
  for (const path of files) {
    const file = relative(root, path);
    for (const [name, value] of Object.entries(await exportsOf(path, file))) {
      try {
        const found = await repositoryOf(value, db);
        if (found !== undefined) repositories.push({ name, file, ...found });
      } catch (error) {
        skipped.push({ name, file, reason: messageOf(error) });
      }
    }
  }
  return { repositories, skipped };
}

async function exportsOf(path: string, file: string): Promise<Record<string, unknown>> {
  try {
    return await loadModule(pathToFileURL(path).href) as Record<string, unknown>;
  } catch (cause) {
    throw failure(`Cannot load "${file}": ${messageOf(cause)}`, { cause });
  }
}

type Found = Omit<FoundRepository, "name" | "file">;

async function repositoryOf(value: unknown, db: Kysely<any>): Promise<Found | undefined> {
  if (typeof value !== "function") return foundOf(value);
  if (isOwnClass(value)) return foundOf(new (value as new (db: Kysely<any>) => unknown)(db));
  // Any other function may do anything.
  if (!CREATES.test(Function.prototype.toString.call(value))) return undefined;
  return foundOf(await (value as (db: Kysely<any>) => unknown)(db));
}

function foundOf(value: unknown): Found | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { tableName, primaryKey, executor } = value as Record<string, unknown>;
  if (typeof tableName !== "string" || typeof executor !== "object") return undefined;
  return {
    table: tableName,
    primaryKey: keyOf(primaryKey),
    description: describeRepository(value),
    repository: value,
  };
}

function keyOf(key: unknown): readonly string[] {
  if (typeof key === "string") return [key];
  return Array.isArray(key) ? key.map(String) : ["id"];
}

/** By its name: the project may have another copy of the package. */
function isOwnClass(value: object): boolean {
  for (let of = Object.getPrototypeOf(value); of !== null; of = Object.getPrototypeOf(of)) {
    if ((of as { name?: unknown }).name === "ContextAwareRepository") return true;
  }
  return false;
}
