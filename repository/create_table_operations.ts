import { NotFoundError } from "@kysera/core";
import type { AnyKysely } from "@kysera/executor";
import type { Kysely } from "kysely";
import type { CursorPage, OffsetPage } from "./_pages.ts";
import { createRepository } from "./create_repository.ts";
import {
  type DialectConfig,
  getPrimaryKeyColumns,
  normalizePrimaryKeyConfig,
  type PrimaryKeyColumn,
  type PrimaryKeyConfig,
} from "./primary_key.ts";
import type { CursorPageOptions, FindOptions, PageOptions, TableName } from "./types.ts";

/** A row, by column. */
export type AnyRow = Record<string, unknown>;

/**
 * What {@linkcode createBaseRepository} needs of a table, in rows: without entities and schemas. An
 * object of one's own may be given in place of that of {@linkcode createTableOperations}.
 */
export interface TableOperations {
  /** The table. */
  readonly tableName: string;
  /** The columns of its key. */
  readonly primaryKey: readonly string[];
  /** All rows. */
  selectAll(): Promise<AnyRow[]>;
  /** The row with a key, or `null`. */
  selectById(id: unknown): Promise<AnyRow | null>;
  /** The rows with these keys, in their order. */
  selectByIds(ids: readonly unknown[]): Promise<AnyRow[]>;
  /** The rows that fit. */
  selectWhere(
    where: object,
    options?: Omit<FindOptions<any>, "where">,
  ): Promise<AnyRow[]>;
  /** The first row that fits, or `null`. */
  selectOneWhere(where: object): Promise<AnyRow | null>;
  /** Adds a row. */
  insert(row: AnyRow): Promise<AnyRow>;
  /** Adds rows, all or none. */
  insertMany(rows: readonly AnyRow[]): Promise<AnyRow[]>;
  /** Changes a row; `null` where there is none. */
  updateById(id: unknown, row: AnyRow): Promise<AnyRow | null>;
  /** Removes a row; whether there was one. */
  deleteById(id: unknown): Promise<boolean>;
  /** Removes rows; how many there were. */
  deleteByIds(ids: readonly unknown[]): Promise<number>;
  /** How many rows fit. */
  count(where?: object): Promise<number>;
  /** A page by its number. */
  paginate(options?: PageOptions<any>): Promise<OffsetPage<AnyRow>>;
  /** A page by a cursor. */
  paginateCursor(options?: CursorPageOptions<any>): Promise<CursorPage<AnyRow>>;
  /** The same operations on another instance of the same executor, or in a transaction. */
  on(handle: Kysely<any>): TableOperations;
}

/**
 * Creates the operations of a table, in rows.
 *
 * @param db an executor, a transaction, or a plain Kysely
 * @param table the table
 * @param primaryKey the column, or the columns, of its key. Default `"id"`
 * @param dialect the dialect, which is known without it
 * @returns the operations
 * @throws {BadRequestError} where the executor is of another dialect
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createTableOperations } from "@kysera/repository";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const users = createTableOperations(db, "users");
 * await users.insert({ id: 1, name: "Ada" });
 * assert.equal((await users.updateById(1, { name: "Ada L." }))?.["name"], "Ada L.");
 * assert.equal(await users.updateById(2, { name: "Bob" }), null);
 * await db.destroy();
 * ```
 */
export function createTableOperations<DB, T extends TableName<DB>>(
  db: AnyKysely<DB>,
  table: T,
  primaryKey?: PrimaryKeyColumn | PrimaryKeyConfig,
  dialect?: DialectConfig | DialectConfig["dialect"],
): TableOperations {
  const { columns, type } = normalizePrimaryKeyConfig(primaryKey);
  return operationsOn(
    createRepository<any, string, any, AnyRow>(db as AnyKysely<any>, {
      tableName: table,
      primaryKey: getPrimaryKeyColumns(columns),
      primaryKeyType: type,
      dialect,
    }) as unknown as RowRepository,
  );
}

/** A repository of which only rows are known. */
interface RowRepository {
  readonly executor: Kysely<any>;
  readonly tableName: string;
  readonly primaryKey: readonly string[];
  findAll(): Promise<AnyRow[]>;
  findById(id: unknown): Promise<AnyRow | null>;
  findByIds(ids: readonly unknown[]): Promise<AnyRow[]>;
  find(options: FindOptions<any>): Promise<AnyRow[]>;
  findOne(options: FindOptions<any>): Promise<AnyRow | null>;
  create(row: AnyRow): Promise<AnyRow>;
  bulkCreate(rows: readonly AnyRow[]): Promise<AnyRow[]>;
  update(id: unknown, row: AnyRow): Promise<AnyRow>;
  delete(id: unknown): Promise<boolean>;
  bulkDelete(ids: readonly unknown[]): Promise<number>;
  count(options: { readonly where?: any }): Promise<number>;
  paginate(options?: PageOptions<any>): Promise<OffsetPage<AnyRow>>;
  paginateCursor(options?: CursorPageOptions<any>): Promise<CursorPage<AnyRow>>;
  on(handle: Kysely<any>): RowRepository;
  withTransaction(transaction: Kysely<any>): RowRepository;
}

function operationsOn(rows: RowRepository): TableOperations {
  return {
    tableName: rows.tableName,
    primaryKey: rows.primaryKey,
    selectAll: () => rows.findAll(),
    selectById: (id) => rows.findById(id),
    selectByIds: (ids) => rows.findByIds(ids),
    selectWhere: (where, options) => rows.find({ ...options, where: where as any }),
    selectOneWhere: (where) => rows.findOne({ where: where as any }),
    insert: (row) => rows.create(row),
    insertMany: (list) => rows.bulkCreate(list),
    async updateById(id, row) {
      try {
        return await rows.update(id, row);
      } catch (error) {
        if (error instanceof NotFoundError) return null;
        throw error;
      }
    },
    deleteById: (id) => rows.delete(id),
    deleteByIds: (ids) => rows.bulkDelete(ids),
    count: (where) => rows.count(where === undefined ? {} : { where }),
    paginate: (options) => rows.paginate(options),
    paginateCursor: (options) => rows.paginateCursor(options),
    on: (handle) =>
      operationsOn(handle.isTransaction ? rows.withTransaction(handle) : rows.on(handle)),
  };
}
