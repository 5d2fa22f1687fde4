import { assertKnownOptions, type Insertable, type Selectable } from "@kysera/core";
import { type AnyKysely, kyselyOf } from "@kysera/executor";
import { assertList } from "./_assert_list.ts";
import { Table } from "./_table.ts";
import { upsertRow, upsertRows } from "./_upsert.ts";
import { define } from "./create_repository.ts";
import type { TableName, UpsertOptions } from "./types.ts";

/** Options of {@linkcode upsert}. */
export interface UpsertTableOptions<Row> extends UpsertOptions<Row> {
  /** Whether the row is given back. Default `false`. */
  readonly returning?: boolean | undefined;
}

const OPTIONS = ["conflictColumns", "updateColumns", "returning"];

/**
 * Adds a row, or changes the one that has its key, on every dialect: by ON CONFLICT where there is
 * one, else by a locking read and a write in a transaction. The plugins of the executor apply; a row
 * that they hide is not changed.
 *
 * @param db an executor, a transaction, or a plain Kysely
 * @param table the table
 * @param data the row
 * @param options see {@linkcode UpsertTableOptions}
 * @returns the row where `returning` is `true`, else `undefined`
 * @throws {UpsertConflictError} where the key is that of a row that may not be changed
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { upsert } from "@kysera/repository";
 * import { type Generated, Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, email text unique, name text)");
 *
 * interface Database {
 *   users: { id: Generated<number>; email: string; name: string };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const options = { conflictColumns: ["email"], returning: true } as const;
 * await upsert(db, "users", { email: "ada@x.org", name: "Ada" }, options);
 * const ada = await upsert(db, "users", { email: "ada@x.org", name: "Ada L." }, options);
 * assert.equal(ada?.id, 1);
 * assert.equal(ada?.name, "Ada L.");
 * await db.destroy();
 * ```
 */
export async function upsert<DB, T extends TableName<DB>>(
  db: AnyKysely<DB>,
  table: T,
  data: Insertable<DB[T]>,
  options: UpsertTableOptions<DB[T]>,
): Promise<Selectable<DB[T]> | undefined> {
  const { target, returning } = open(db, table, options);
  const manner = { isRead: returning, knowsKey: false };
  const row = await upsertRow(target, await target.upsert(data, options), manner);
  // The row is one of the table.
  return returning ? row as Selectable<DB[T]> : undefined;
}

/**
 * Inserts or updates many rows as {@linkcode upsert} does, all or none.
 *
 * @param db an executor, a transaction, or a plain Kysely
 * @param table the table
 * @param data the rows; where two have the same key, the later one counts
 * @param options see {@linkcode UpsertTableOptions}
 * @returns the rows in their order where `returning` is `true`, else an empty list
 * @throws {UpsertConflictError} where the key of one is that of a row that may not be changed
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { upsertMany } from "@kysera/repository";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table stock (sku text primary key, n integer)");
 * const db = new Kysely<{ stock: { sku: string; n: number } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const rows = [{ sku: "a", n: 1 }, { sku: "b", n: 2 }, { sku: "a", n: 3 }];
 * await upsertMany(db, "stock", rows, { conflictColumns: ["sku"] });
 * assert.deepEqual((await db.selectFrom("stock").select("n").orderBy("sku").execute())
 *   .map(({ n }) => n), [3, 2]);
 * await db.destroy();
 * ```
 */
export async function upsertMany<DB, T extends TableName<DB>>(
  db: AnyKysely<DB>,
  table: T,
  data: readonly Insertable<DB[T]>[],
  options: UpsertTableOptions<DB[T]>,
): Promise<Selectable<DB[T]>[]> {
  assertList(data, "upsert rows");
  const { target, returning } = open(db, table, options);
  const manner = { isRead: returning, knowsKey: false };
  const rows = await upsertRows(target, await target.upserts(data, options), manner);
  // The rows are those of the table.
  return returning ? rows as Selectable<DB[T]>[] : [];
}

function open(
  given: AnyKysely<any>,
  tableName: string,
  options: UpsertTableOptions<any>,
): { readonly target: Table; readonly returning: boolean } {
  assertKnownOptions(options, OPTIONS, { action: "upsert a row" });
  const { conflictColumns, returning = false } = options;
  // The row is known by what the upsert goes by: nothing else is said of the table.
  const primaryKey = Array.isArray(conflictColumns) && conflictColumns.length > 0
    ? conflictColumns
    : undefined;
  const db = kyselyOf(given);
  return { target: new Table(define({ tableName, primaryKey }, db), db), returning };
}
