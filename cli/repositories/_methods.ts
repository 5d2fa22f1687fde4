import { getPlugins, getRawDb, isKyseraExecutor } from "@kysera/executor";
import { createRepository } from "@kysera/repository";
import type { Kysely } from "kysely";
import type { FoundRepository } from "./_load_repositories.ts";

/** A method of a repository. */
export interface RepositoryMethod {
  readonly name: string;
  /** The plugin that adds it, `repository` for those of any, or `own`. */
  readonly from: string;
  /** How many arguments it takes at least. */
  readonly parameters: number;
}

/** Returns the methods of a repository, in the order of their names. */
export function methodsOf(found: FoundRepository, db: Kysely<any>): RepositoryMethod[] {
  const { repository, table } = found;
  const plain = createRepository<any, any>(getRawDb(db), {
    tableName: table,
    primaryKey: found.primaryKey as any,
  });
  const common = new Set(namesOf(plain));
  const added = addedBy(repository, common, db);
  // What belongs to classes of one's own alone.
  const isClass = Object.getPrototypeOf(repository) !== Object.prototype;
  return namesOf(repository).map((name): RepositoryMethod => ({
    name,
    from: added.get(name) ?? (common.has(name) && !isClass ? "repository" : "own"),
    parameters: (repository as Record<string, (...args: unknown[]) => unknown>)[name]!.length,
  })).sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Returns the plugins by the methods that they add. */
function addedBy(
  repository: object,
  common: ReadonlySet<string>,
  db: Kysely<any>,
): ReadonlyMap<string, string> {
  const added = new Map<string, string>();
  if (!isKyseraExecutor(db)) return added;
  const members = Object.entries(repository).filter(([name, value]) =>
    common.has(name) || typeof value !== "function"
  );
  for (const plugin of getPlugins(db)) {
    const extended = plugin.extendRepository?.(Object.fromEntries(members)) ?? {};
    for (const [name, value] of Object.entries(extended)) {
      const isOf = name in repository && typeof value === "function" && !common.has(name);
      if (isOf) added.set(name, plugin.name);
    }
  }
  return added;
}

/** The names of the functions of an object, those of its classes included. */
function namesOf(object: object): string[] {
  const names = new Set<string>();
  for (let of: object | null = object; of !== null; of = Object.getPrototypeOf(of)) {
    if (of === Object.prototype) break;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(of))) {
      if (typeof value === "function" && name !== "constructor") names.add(name);
    }
  }
  return [...names];
}
