import type { Kysely } from "kysely";
import type { AuditMethods } from "./repository_methods.ts";

/** What a repository must have, to be given the methods. */
interface RepositoryLike {
  readonly executor: Kysely<any>;
  readonly tableName: string;
}

/** The methods, each of which gives a promise. */
const NAMES: Readonly<Record<keyof AuditMethods<unknown>, true>> = {
  getAuditHistory: true,
  getAuditLogs: true,
  getAuditLog: true,
  getTableAuditLogs: true,
  getUserChanges: true,
  restoreFromAudit: true,
};

/** The repository with the methods; what they do is loaded when one of them is first called. */
export function extend<T extends object>(repository: T): T {
  if (!isRepositoryLike(repository)) return repository;
  const { executor, tableName } = repository;
  const methods = Object.keys(NAMES).map((name) => [
    name,
    async (...parameters: unknown[]): Promise<unknown> => {
      const { methodsOf } = await import("./_repository_methods.ts");
      // The names are those of the methods, and each takes what it was called with.
      const method = methodsOf(executor, tableName)[name as keyof AuditMethods<unknown>] as (
        ...parameters: unknown[]
      ) => Promise<unknown>;
      return await method(...parameters);
    },
  ]);
  return { ...repository, ...Object.fromEntries(methods) };
}

/** Other objects may be given to `extendRepository` by hand; they are left as they are. */
function isRepositoryLike(value: object): value is RepositoryLike {
  const { executor, tableName } = value as Partial<RepositoryLike>;
  return executor !== undefined && typeof tableName === "string";
}
