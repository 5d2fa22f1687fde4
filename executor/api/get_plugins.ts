import type { Kysely } from "kysely";
import type { Plugin } from "../contract/plugin.ts";
import { instanceOf } from "../instance/_graft.ts";

/**
 * Returns the plugins of an executor instance, in the order they run in.
 *
 * @param executor the executor, or any instance of it; of a plain Kysely the list is empty
 * @returns a frozen list
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, getPlugins } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [
 *   { name: "log", version: "1.0.0" },
 *   { name: "guard", version: "1.0.0", priority: 10 },
 * ]);
 * deepEqual(getPlugins(executor).map((plugin) => plugin.name), ["guard", "log"]);
 * ```
 */
export function getPlugins(executor: Kysely<any>): readonly Plugin[] {
  return instanceOf(executor)?.state.set.plugins ?? [];
}
