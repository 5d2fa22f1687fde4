import type { Kysely } from "kysely";
import type { Attributes } from "../contract/plugin.ts";
import { instanceOf } from "../instance/_graft.ts";

/**
 * Returns the context that is bound to an executor instance.
 *
 * @param executor the executor, or any instance of it
 * @returns the frozen copy, or `undefined` where none was bound
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor, getContext } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * deepEqual(getContext(bindContext(executor, { userId: 1 })), { userId: 1 });
 * ```
 */
export function getContext(executor: Kysely<any>): Attributes | undefined {
  return instanceOf(executor)?.rules.request.context;
}
