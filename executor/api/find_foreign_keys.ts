import { detectDialect } from "@kysera/core";
import type { Kysely } from "kysely";
import { parseTableName } from "../contract/table_scope.ts";
import { TRAITS } from "../dialect/mod.ts";
import { readForeignKeys } from "../instance/_read_foreign_keys.ts";
import { physicalNames, relationOf } from "./_table_catalog.ts";
import { plainOf, writtenNames } from "./_written_names.ts";

/** A foreign key from one table to another, with names as queries of the executor write them. */
export interface FoundForeignKey {
  /** The columns of the one table, each with that of the other which it refers to. */
  readonly columns: readonly (readonly [string, string])[];
}

/**
 * Returns the foreign keys of one table that refer to another one, as the catalog has them. The
 * catalog is asked each time.
 *
 * @param executor the executor, a transaction of it, or another instance; a plain Kysely as well
 * @param table the table that has the keys, as queries of the executor write it
 * @param references the table that they refer to
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { findForeignKeys } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec(`
 *   create table users (id integer primary key);
 *   create table posts (id integer primary key, author_id integer references users);
 * `);
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 * assert.deepEqual(await findForeignKeys(db, "posts", "users"), [
 *   { columns: [["author_id", "id"]] },
 * ]);
 * await db.destroy();
 * ```
 */
export async function findForeignKeys(
  executor: Kysely<any>,
  table: string,
  references: string,
): Promise<FoundForeignKey[]> {
  const traits = TRAITS[detectDialect(executor)];
  const { foldCase } = traits.identifiers;
  const physical = (name: string): string =>
    foldCase(physicalNames(executor, parseTableName(name)).name);
  const keys = (await readForeignKeys(plainOf(executor), traits)).filter((key) =>
    foldCase(key.table) === physical(table) && foldCase(key.references) === physical(references)
  );
  const found: FoundForeignKey[] = [];
  for (const key of keys) {
    const theirs = key.referencedColumns ?? (await relationOf(executor, references))?.keys[0];
    if (theirs === undefined || theirs.length !== key.columns.length) continue;
    const own = await writtenNames(executor, key.columns);
    const others = await writtenNames(executor, theirs);
    found.push({ columns: own.map((column, i) => [column, others[i]!]) });
  }
  return found;
}
