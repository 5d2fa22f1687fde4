import { type AnyKysely, kyselyOf } from "../contract/any_kysely.ts";
import { mustBeInstance, withScope } from "../instance/_graft.ts";
import { copyAttributes } from "../tree/_attributes.ts";

/**
 * Returns an executor instance with flags that plugins look at, such as soft delete's
 * `includeDeleted`. They are added to those that it has.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param flags the flags; `undefined` takes one away
 * @returns a new instance of the same kind, on the same connection; cheap
 * @throws {ExecutorError} where the value is not an executor, or the flags are not an object
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, withMetadata } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const executor = await createExecutor(db, [{
 *   name: "visible",
 *   version: "1.0.0",
 *   filter: (users, { eb, metadata }) =>
 *     metadata["all"] === true ? undefined : eb(users.column("hidden"), "=", 0),
 * }]);
 * const all = withMetadata(executor, { all: true });
 * equal(all.selectFrom("users").selectAll().compile().sql, `select * from "users"`);
 * ```
 */
export function withMetadata<K extends AnyKysely<any>>(executor: K, flags: object): K {
  const db = kyselyOf(executor);
  const { request } = mustBeInstance(db, "set the flags of an instance").rules;
  const merged = { ...request.metadata, ...copyAttributes(flags, "set the flags of an instance") };
  const metadata = Object.fromEntries(
    Object.entries(merged).filter(([, value]) => value !== undefined),
  );
  // It is of the same kind.
  return withScope(db, {
    ...request,
    metadata: Object.freeze(metadata),
  }) as AnyKysely<any> as K;
}
