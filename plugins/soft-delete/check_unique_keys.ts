import type { Kysely } from "kysely";
import { mustHavePlugin } from "./_state.ts";

/** A unique key by which a deleted row keeps its values from others. */
export interface BlockingUniqueKey {
  /** The table, with its schema where the database has one. */
  readonly table: string;
  /** The columns of the key. */
  readonly columns: readonly string[];
  /** What is wrong, and what to do. */
  readonly problem: string;
}

/**
 * Returns the unique keys of soft-deleted tables by which a deleted row keeps its values: its
 * e-mail address, say, cannot be used again. Keys that look at the mark are left out, as are
 * partial indexes, indexes of expressions, keys with generated columns, those that "reviveBy"
 * names, and primary keys. For a command that checks a database, and for tests.
 *
 * @param executor the executor, a transaction of it, or another instance
 * @returns the keys; what the catalog said when the executor was made, and nothing of tables that the
 * options list for `createExecutorSync`
 * @throws {SoftDeleteError} where the executor has no soft delete
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor } from "@kysera/executor";
 * import { checkUniqueKeys, softDeletePlugin } from "@kysera/soft-delete";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, email text unique, deleted_at text)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 * const executor = await createExecutor(db, [softDeletePlugin()]);
 *
 * assert.deepEqual(checkUniqueKeys(executor).map(({ columns }) => columns), [["email"]]);
 * await db.destroy();
 * ```
 */
export function checkUniqueKeys(executor: Kysely<any>): readonly BlockingUniqueKey[] {
  return mustHavePlugin(executor, "check unique keys").flatMap((hooks) =>
    hooks.found.filter(({ isView }) => !isView).flatMap((relation): BlockingUniqueKey[] => {
      const { name, schema, columns, uniques = [] } = relation;
      const table = schema === undefined ? name : `${schema}.${name}`;
      const isFree = (key: readonly string[]): boolean =>
        hooks.isRevivedBy(relation, key) ||
        key.some((part) =>
          hooks.isMark(part) ||
          columns.some(({ name, isGenerated }) => name === part && isGenerated)
        );
      return uniques.filter((key) => !isFree(key)).map((key) => ({
        table,
        columns: key,
        problem: `a deleted row of "${table}" keeps its ${
          key.map((column) => `"${column}"`).join(", ")
        }: no other row can have the same; make the index a partial one, have the key hold the ` +
          'column of the mark, or name the columns in "reviveBy"',
      }));
    })
  );
}
