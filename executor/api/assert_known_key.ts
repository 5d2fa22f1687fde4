import { detectDialect } from "@kysera/core";
import type { Kysely } from "kysely";
import { notUnique, uniqueKeyIn } from "../contract/relation.ts";
import { TRAITS } from "../dialect/mod.ts";
import { knownRelationOf, physicalNames } from "./_table_catalog.ts";
import type { KeySearch } from "./find_key.ts";

/**
 * Throws if several rows of a table can share the columns that are configured as its key, as far as
 * the catalog was read already: for what is made at once, and asks {@linkcode findKey} later.
 *
 * @param executor the executor, a transaction of it, or another instance; a plain Kysely as well
 * @param search the table, the columns, and what makes the error
 * @throws what `search.invalid` makes
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { assertKnownKey, findKey } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table items (tenant_id int, id int, primary key (tenant_id, id))");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const search = { table: "items", invalid: (problem: string) => new TypeError(problem) };
 * await findKey(db, search);
 * assert.throws(() => assertKnownKey(db, { ...search, columns: ["id"] }), TypeError);
 * await db.destroy();
 * ```
 */
export function assertKnownKey(
  executor: Kysely<any>,
  { table, columns, invalid }: KeySearch & { readonly columns: readonly string[] },
): void {
  const relation = knownRelationOf(executor, table);
  if (relation === undefined || relation.keys.length === 0) return;
  const physical = columns.map((column) => physicalNames(executor, { name: column }).name);
  const { foldCase } = TRAITS[detectDialect(executor)].identifiers;
  if (uniqueKeyIn(relation, [...columns, ...physical], foldCase) !== undefined) return;
  throw invalid(notUnique(relation, columns));
}
