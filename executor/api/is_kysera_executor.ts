import type { Kysely } from "kysely";
import { ExecutorError } from "../contract/errors.ts";
import { instanceOf } from "../instance/_graft.ts";
import type { KyseraExecutorMarker } from "../instance/executor_type.ts";

/**
 * Returns true if a value is an executor, a transaction of one, or any other instance of one; of one
 * that another copy of the package made as well, which every other function refuses.
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
  try {
    return instanceOf(value) !== undefined;
  } catch (error) {
    if (error instanceof ExecutorError && error.code === "TWO_COPIES") return true;
    throw error;
  }
}
