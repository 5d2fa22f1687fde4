import type { Kysely } from "kysely";
import { instanceOf } from "../instance/_graft.ts";
import { parseTableName, type TableId } from "../contract/table_scope.ts";

/**
 * Returns the name that the database has for a table, as queries of an instance write it: after the
 * Kysely plugins of the instance that rename, and in lower case where the dialect sees no case. It
 * is what a reference has for `physicalName`.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @param table the table, `table` or `schema.table`
 * @returns the physical name, and the schema as it was written
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, physicalTable } from "@kysera/executor";
 * import { CamelCasePlugin, Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<Record<string, never>>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const handle = (await createExecutor(db, [])).withPlugin(new CamelCasePlugin());
 * assert.equal(physicalTable(handle, "userAccounts").name, "user_accounts");
 * ```
 */
export function physicalTable(executor: Kysely<any>, table: string): TableId {
  const { name, schema } = parseTableName(table);
  return { name: instanceOf(executor)?.rules.physicalName(name) ?? name, schema };
}
