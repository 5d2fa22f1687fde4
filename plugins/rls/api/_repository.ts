import type { Kysely } from "kysely";
import { can } from "./can.ts";
import type { PolicyCommand } from "../contract/policy.ts";
import { withoutRLS } from "./without_rls.ts";

/** What a repository must have, to be given the methods. */
interface RepositoryLike {
  readonly executor: Kysely<any>;
  readonly tableName: string;
  on(handle: Kysely<any>): unknown;
}

/** The repository with the methods. */
export function extend<T extends object>(repository: T): T {
  if (!isRepositoryLike(repository)) return repository;
  const { executor, tableName } = repository;
  const methods = {
    withoutRLS: (fn: (repository: unknown) => unknown) => fn(repository.on(withoutRLS(executor))),
    canAccess: (operation: PolicyCommand, row: object, changes?: object) =>
      can(executor, operation, tableName, row, changes),
  };
  return { ...repository, ...methods };
}

/** Other objects may be given to `extendRepository` by hand; they are left as they are. */
function isRepositoryLike(value: object): value is RepositoryLike {
  const { on, executor, tableName } = value as Partial<RepositoryLike>;
  return typeof on === "function" && executor !== undefined && typeof tableName === "string";
}
