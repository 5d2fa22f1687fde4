import type { Kysely } from "kysely";
import { physicalNames, relationOf } from "./_table_catalog.ts";

/**
 * Returns the types of the columns of a table, as the catalog writes them. The catalog is asked once
 * for each table.
 *
 * @param executor the executor, a transaction of it, or another instance; a plain Kysely as well
 * @param table the table, as queries of the executor write it
 * @returns a function of the name of a column, as queries write it: its type, in lower case;
 * `undefined` for a column that the catalog does not tell of
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { findColumnTypes } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table items (id integer primary key, label varchar(20))");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const typeOf = await findColumnTypes(db, "items");
 * assert.equal(typeOf("label"), "varchar(20)");
 * assert.equal(typeOf("price"), undefined);
 * await db.destroy();
 * ```
 */
export async function findColumnTypes(
  executor: Kysely<any>,
  table: string,
): Promise<(column: string) => string | undefined> {
  const relation = await relationOf(executor, table);
  const types = new Map(
    relation?.columns.map(({ name, type }) => [name, type?.toLowerCase()]) ?? [],
  );
  const known = new Map<string, string | undefined>();
  return (column) => {
    if (types.has(column)) return types.get(column);
    if (known.size > MOST_COLUMNS) known.clear();
    if (!known.has(column)) {
      known.set(column, types.get(physicalNames(executor, { name: column }).name));
    }
    return known.get(column);
  };
}

const MOST_COLUMNS = 1_000;
