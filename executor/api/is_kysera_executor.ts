import type { Kysely } from "kysely";
import { instanceOf } from "../instance/_graft.ts";
import type { KyseraExecutorMarker } from "../instance/executor_type.ts";

/**
 * Returns true if a value is an executor, a transaction of one, or any other instance of one.
 *
 * @param value anything
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, isKyseraExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, []);
 * equal(isKyseraExecutor(executor), true);
 * equal(isKyseraExecutor(executor.withSchema("main")), true);
 * equal(isKyseraExecutor(db), false);
 * ```
 */
export function isKyseraExecutor(value: unknown): value is Kysely<any> & KyseraExecutorMarker {
  return instanceOf(value) !== undefined;
}
