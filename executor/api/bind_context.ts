import { type AnyKysely, kyselyOf } from "../contract/any_kysely.ts";
import { mustBeInstance, withScope } from "../instance/_graft.ts";
import { copyAttributes } from "../tree/_attributes.ts";
import { ContextMemo } from "../tree/_context_memo.ts";

/**
 * Returns an executor instance whose queries run for one caller. The values are copied and frozen: what
 * happens to the object afterwards changes nothing. Objects that are not plain data (class instances,
 * functions) are kept as they are.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param context who is asking: what the plugins' filters and stamps look at
 * @returns a new instance of the same kind, on the same connection; cheap
 * @throws {ExecutorError} where the value is not an executor, or the context is not an object
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [{
 *   name: "owner",
 *   version: "1.0.0",
 *   filter: (users, { eb, context }) => eb(users.column("id"), "=", context?.["userId"]),
 * }]);
 * const one = bindContext(executor, { userId: 1 });
 * deepEqual(one.selectFrom("users").selectAll().compile().parameters, [1]);
 * ```
 */
export function bindContext<K extends AnyKysely<any>>(executor: K, context: object): K {
  const db = kyselyOf(executor);
  const { metadata } = mustBeInstance(db, "bind a context").rules.request;
  const scope = {
    context: copyAttributes(context, "bind a context"),
    metadata,
    memo: new ContextMemo(),
  };
  // It is of the same kind.
  return withScope(db, scope) as AnyKysely<any> as K;
}
