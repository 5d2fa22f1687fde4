/**
 * Repositories that a user's function has made for an ORM.
 *
 * @module
 */
import { BadRequestError, isKysely, isPlainObject } from "@kysera/core";
import { getPlugins, isKyseraExecutor } from "@kysera/executor";
import type { Kysely } from "kysely";
import { extensionsOf } from "./create_repository.ts";

/** What a repository of one's own may have. */
interface Members {
  readonly executor?: unknown;
  readonly tableName?: unknown;
  readonly primaryKey?: unknown;
  readonly mapRow?: unknown;
  readonly on?: unknown;
  readonly keyIn?: unknown;
}

/**
 * Takes what a user's function has made: a repository whose queries would go round the plugins of the
 * executor is refused; one that names its `executor` and its `tableName` is given the methods of the
 * plugins that it lacks.
 *
 * @throws {BadRequestError} for a repository on another executor, or outside the transaction
 */
export function adopt<R>(made: R, executor: Kysely<any>): R {
  if (typeof made !== "object" || made === null) return made;
  if (made instanceof Promise) {
    // What it resolves to is of the same type.
    return made.then((each: unknown) => adopt(each, executor)) as R;
  }
  const repository = made as R & Members;
  if (isKysely(repository.executor)) {
    mustBeOn(repository.executor, executor, repository.tableName);
    return withMethods(repository, repository.executor) as R;
  }
  // Several at once: { users, posts }.
  if (!isPlainObject(made)) return made;
  for (const each of Object.values(made as Record<string, unknown>)) {
    const { executor: own, tableName } = (each ?? {}) as Members;
    if (isKysely(own)) mustBeOn(own, executor, tableName);
  }
  return made;
}

function mustBeOn(own: Kysely<any>, executor: Kysely<any>, tableName: unknown): void {
  const plugins = getPlugins(own);
  const isSame = getPlugins(executor).every((plugin) => plugins.includes(plugin));
  const name = typeof tableName === "string" ? ` of "${tableName}"` : "";
  if (!isSame) {
    throw new BadRequestError(
      `Cannot use the repository${name}: it is on ` +
        (isKyseraExecutor(own) ? "another executor" : "a Kysely without the plugins") +
        ", so the plugins would not apply to its queries; make it on the executor that the function " +
        "is given",
    );
  }
  if (!executor.isTransaction || own.isTransaction) return;
  throw new BadRequestError(
    `Cannot use the repository${name} in a transaction: it is on the executor outside of it; make ` +
      "it on the executor that the function is given",
  );
}

function withMethods(repository: object & Members, executor: Kysely<any>): object {
  const { tableName, primaryKey, mapRow } = repository;
  // One that createRepository() has made has them.
  const isComplete = typeof repository.on === "function" && typeof repository.keyIn === "function";
  if (isComplete || typeof tableName !== "string" || getPlugins(executor).length === 0) {
    return repository;
  }
  const methods = extensionsOf(executor, {
    tableName,
    ...primaryKey === undefined ? {} : { primaryKey: primaryKey as string },
    ...typeof mapRow === "function"
      ? { mapRow: (row: unknown) => mapRow.call(repository, row) }
      : {},
  });
  const missing = Object.entries(methods).filter(([name]) => !(name in repository));
  if (missing.length === 0) return repository;
  const added = Object.fromEntries(
    missing.map(([name, value]) =>
      [name, { value, writable: true, configurable: true, enumerable: true }] as const
    ),
  );
  if (Object.isExtensible(repository)) return Object.defineProperties(repository, added);
  // A frozen object of methods is copied; the private members of an instance could not be.
  if (!isPlainObject(repository)) return repository;
  return Object.freeze(
    Object.defineProperties({}, { ...Object.getOwnPropertyDescriptors(repository), ...added }),
  );
}
