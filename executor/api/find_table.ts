import { detectDialect } from "@kysera/core";
import type { Kysely } from "kysely";
import { parseTableName } from "../contract/table_scope.ts";
import { TRAITS } from "../dialect/mod.ts";
import { readForeignKeys } from "../instance/_read_foreign_keys.ts";
import { beneath, instanceOf } from "../instance/_graft.ts";
import { currentRelationOf, physicalNames, relationOf } from "./_table_catalog.ts";

/** What the catalog says of a table, with names as queries of the executor write them. */
export interface FoundTable {
  /** The columns, in their order. */
  readonly columns: readonly string[];
  /** The columns of the primary key, or of the first unique key; empty where there is none. */
  readonly key: readonly string[];
  /**
   * Returns whether the table has a column, which may be a system column.
   *
   * @param column the column, as queries of the executor write it
   */
  has(column: string): boolean;
}

/** Options of {@linkcode findTable}. */
export interface FindTableOptions {
  /** Whether the catalog is asked though it was asked before: a table may be changed. */
  readonly reread?: boolean | undefined;
}

/**
 * Returns the columns and the key of a table, as the catalog has them. The catalog is asked once for
 * each table.
 *
 * @param executor the executor, a transaction of it, or another instance; a plain Kysely as well
 * @param table the table, as queries of the executor write it
 * @param options whether the catalog is asked again
 * @returns what was found; `undefined` where the catalog does not tell of one such table
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { findTable } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table items (id integer primary key, label text)");
 * const db = new Kysely<any>({ dialect: nodeSqliteDialect({ database }) });
 *
 * const items = await findTable(db, "items");
 * assert.deepEqual(items?.columns, ["id", "label"]);
 * assert.deepEqual(items?.key, ["id"]);
 * assert.equal(items?.has("lable"), false);
 * await db.destroy();
 * ```
 */
export async function findTable(
  executor: Kysely<any>,
  table: string,
  { reread = false }: FindTableOptions = {},
): Promise<FoundTable | undefined> {
  const relation = await (reread ? currentRelationOf : relationOf)(executor, table);
  if (relation === undefined || relation.columns.length === 0) return undefined;
  const { foldCase } = TRAITS[detectDialect(executor)].identifiers;
  const names = relation.columns.map(({ name }) => name);
  const written = await writtenNames(executor, names);
  const own = new Set([...names, ...SYSTEM_COLUMNS].map(foldCase));
  return {
    columns: names.map((name) => written.get(name)!),
    key: (relation.keys[0] ?? []).map((name) => written.get(name) ?? name),
    has: (column) =>
      own.has(foldCase(column)) ||
      own.has(foldCase(physicalNames(executor, { name: column }).name)),
  };
}

/** Columns that the catalog of no database lists, and that queries may name. */
const SYSTEM_COLUMNS = ["rowid", "oid", "_rowid_", "ctid", "xmin", "tableoid"];

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
  const plain = instanceOf(executor) === undefined ? executor : beneath(executor);
  const { foldCase } = traits.identifiers;
  const physical = (name: string): string =>
    foldCase(physicalNames(executor, parseTableName(name)).name);
  const keys = (await readForeignKeys(plain, traits)).filter((key) =>
    foldCase(key.table) === physical(table) && foldCase(key.references) === physical(references)
  );
  const found: FoundForeignKey[] = [];
  for (const key of keys) {
    const theirs = key.referencedColumns ?? (await relationOf(executor, references))?.keys[0];
    if (theirs === undefined || theirs.length !== key.columns.length) continue;
    const written = await writtenNames(executor, [...key.columns, ...theirs]);
    found.push({
      columns: key.columns.map((own, i) => [written.get(own)!, written.get(theirs[i]!)!]),
    });
  }
  return found;
}

/** The names that rows have for columns: after the Kysely plugins that rename what a query gives. */
async function writtenNames(
  executor: Kysely<any>,
  names: readonly string[],
): Promise<Map<string, string>> {
  const inner = instanceOf(executor) === undefined ? executor : beneath(executor);
  const written = new Map(names.map((name) => [name, name]));
  for (const plugin of inner.getExecutor().plugins) {
    for (const [name, known] of written) {
      const { rows } = await plugin.transformResult({
        queryId: NO_QUERY,
        result: { rows: [{ [known]: null }] },
      });
      const [column] = Object.keys(rows[0] ?? {});
      if (column !== undefined) written.set(name, column);
    }
  }
  return written;
}

const NO_QUERY = { queryId: "" };
