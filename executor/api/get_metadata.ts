import type { Kysely } from "kysely";
import type { Attributes } from "../contract/plugin.ts";
import { instanceOf } from "../instance/_graft.ts";

/**
 * Returns the flags of an executor instance.
 *
 * @param executor the executor, or any instance of it
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getMetadata, withMetadata } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * deepEqual(getMetadata(withMetadata(executor, { all: true })), { all: true });
 * ```
 */
export function getMetadata(executor: Kysely<any>): Attributes {
  return instanceOf(executor)?.rules.request.metadata ?? {};
}
