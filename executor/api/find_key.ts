import { detectDialect } from "@kysera/core";
import type { Kysely } from "kysely";
import { notUnique, uniqueKeyIn } from "../contract/relation.ts";
import { TRAITS } from "../dialect/mod.ts";
import { physicalNames, relationOf } from "./_table_catalog.ts";

/** What the rows of a table are found by. */
export interface FoundKey {
  /** The columns. */
  readonly columns: readonly string[];
  /** Whether the catalog says that no two rows share them; `false` where it says nothing. */
  readonly isUnique: boolean;
}

/** What {@linkcode findKey} is told. */
export interface KeySearch {
  /** The table, as queries of the executor write it. */
  readonly table: string;
  /** The columns that somebody configured as its key; without them the catalog's key is taken. */
  readonly columns?: readonly string[] | undefined;
  /** Makes the error for columns that several rows can share. */
  invalid(problem: string): Error;
}

/**
 * Returns the key of a table, as the catalog has it. The catalog is asked once for each table.
 *
 * @param executor the executor, a transaction of it, or another instance; a plain Kysely as well
 * @param search the table, and the columns that are configured
 * @returns the columns: those configured, or else the primary key, or else `"id"`
 * @throws what `search.invalid` makes, if several rows can share the configured columns
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { findKey } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table items (tenant_id int, id int, primary key (tenant_id, id))");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const search = { table: "items", invalid: (problem: string) => new TypeError(problem) };
 * assert.deepEqual(await findKey(db, search), { columns: ["tenant_id", "id"], isUnique: true });
 * await assert.rejects(findKey(db, { ...search, columns: ["id"] }), TypeError);
 * await db.destroy();
 * ```
 */
export async function findKey(executor: Kysely<any>, search: KeySearch): Promise<FoundKey> {
  const { table, columns } = search;
  const relation = await relationOf(executor, table);
  if (relation === undefined || relation.keys.length === 0) {
    return { columns: columns ?? ["id"], isUnique: false };
  }
  if (columns === undefined) return { columns: relation.keys[0]!, isUnique: true };
  const physical = columns.map((column) => physicalNames(executor, { name: column }).name);
  const { foldCase } = TRAITS[detectDialect(executor)].identifiers;
  if (uniqueKeyIn(relation, [...columns, ...physical], foldCase) === undefined) {
    throw search.invalid(notUnique(relation, columns));
  }
  return { columns, isUnique: true };
}
