import { assertKnownOptions, BadRequestError, NotFoundError } from "@kysera/core";
import { type DbContext, isDbContext, type TransactionOptions, withTransaction } from "@kysera/dal";
import { type AnyKysely, kyselyOf } from "@kysera/executor";
import type { Kysely, Transaction } from "kysely";
import { assertList } from "./_assert_list.ts";
import { type CursorPage, type OffsetPage, withHidden } from "./_pages.ts";
import { type Row, Table } from "./_table.ts";
import { define } from "./create_repository.ts";
import type { AnyRow, TableOperations } from "./create_table_operations.ts";
import type { CursorPageOptions, FindOptions, PageOptions, RepositorySchemas } from "./types.ts";

/** Options of {@linkcode createBaseRepository}. */
export interface BaseRepositoryConfig<Entity> {
  /** Makes an entity of a row. Default: the row. */
  readonly mapRow?: ((row: any) => Entity) | undefined;
  /** Schemas, as those of {@linkcode createRepository}. */
  readonly schemas?: RepositorySchemas | undefined;
  /** Whether rows are validated. Default not. */
  readonly validateDbResults?: boolean | number | undefined;
  /** `"none"` takes inputs as they are. Default `"strict"`. */
  readonly validationStrategy?: "strict" | "none" | undefined;
}

/** A repository over operations of one's own. */
export interface BaseRepository<Entity = AnyRow, Key = unknown, Create = AnyRow, Update = AnyRow> {
  /** The instance that transactions are begun on. */
  readonly executor: Kysely<any>;
  /** The table. */
  readonly tableName: string;
  /** The columns of the key. */
  readonly primaryKey: readonly string[];
  /** The row with a key, or `null`. */
  findById(id: Key): Promise<Entity | null>;
  /** The rows with these keys, in their order. */
  findByIds(ids: readonly Key[]): Promise<Entity[]>;
  /** All rows. */
  findAll(): Promise<Entity[]>;
  /** The rows that fit. */
  find(options?: FindOptions<any>): Promise<Entity[]>;
  /** The first row that fits, or `null`. */
  findOne(options?: { readonly where?: object | undefined }): Promise<Entity | null>;
  /** How many rows fit. */
  count(options?: { readonly where?: object | undefined }): Promise<number>;
  /** Whether a row fits. */
  exists(options?: { readonly where?: object | undefined }): Promise<boolean>;
  /** Adds a row. @throws {ValidationError} */
  create(input: Create): Promise<Entity>;
  /** Changes a row. @throws {NotFoundError} @throws {ValidationError} */
  update(id: Key, input: Update): Promise<Entity>;
  /** Removes a row; whether there was one. */
  delete(id: Key): Promise<boolean>;
  /** Adds rows, all or none. */
  bulkCreate(inputs: readonly Create[]): Promise<Entity[]>;
  /** Changes rows, all or none. @throws {NotFoundError} */
  bulkUpdate(items: readonly { readonly id: Key; readonly data: Update }[]): Promise<Entity[]>;
  /** Removes rows; how many there were. */
  bulkDelete(ids: readonly Key[]): Promise<number>;
  /** A page by its number. */
  paginate(options?: PageOptions<any>): Promise<OffsetPage<Entity>>;
  /** A page by a cursor. */
  paginateCursor(options?: CursorPageOptions<any>): Promise<CursorPage<Entity>>;
  /** Runs a function in a transaction; the repository that it is given is in it. */
  transaction<R>(
    fn: (transaction: Transaction<any>, repository: this) => Promise<R> | R,
    options?: TransactionOptions,
  ): Promise<R>;
  /** The same repository in a transaction. */
  withTransaction(transaction: AnyKysely<any> | DbContext): this;
}

const OPTIONS = ["mapRow", "schemas", "validateDbResults", "validationStrategy"];

/**
 * Makes a repository over operations of one's own: validation, entities and transactions are its
 * part, rows are theirs. {@linkcode createRepository} does more, for a table as it is.
 *
 * @param operations what is done with rows; those of {@linkcode createTableOperations}, changed
 * @param config see {@linkcode BaseRepositoryConfig}
 * @param db where transactions are begun
 * @returns the repository
 * @throws {BadRequestError} for an unknown option, or one that is wrong
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createBaseRepository, createTableOperations } from "@kysera/repository";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table users (id integer primary key, name text)");
 * const db = new Kysely<{ users: { id: number; name: string } }>({
 *   dialect: nodeSqliteDialect({ database }),
 * });
 * const rows = createTableOperations(db, "users");
 * const users = createBaseRepository(
 *   { ...rows, deleteById: () => Promise.resolve(false) },
 *   { mapRow: (row: { id: number; name: string }) => row.name },
 *   db,
 * );
 * assert.equal(await users.create({ id: 1, name: "Ada" }), "Ada");
 * assert.equal(await users.delete(1), false);
 * assert.equal(await users.findById(1), "Ada");
 * await db.destroy();
 * ```
 */
export function createBaseRepository<Entity = AnyRow>(
  operations: TableOperations,
  config: BaseRepositoryConfig<Entity>,
  db: AnyKysely<any>,
): BaseRepository<Entity> {
  assertKnownOptions(config, OPTIONS, { action: "make a repository" });
  const { tableName, primaryKey } = operations;
  const own = kyselyOf(db);
  const definition = define({ ...config, tableName, primaryKey }, own);
  // The table's entities are those that mapRow makes.
  return build(operations, new Table(definition, own)) as BaseRepository<Entity>;
}

function build(operations: TableOperations, table: Table): BaseRepository<any> {
  const one = async (row: Row): Promise<any> => (await table.entities([row]))[0];
  const maybe = async (row: Row | null): Promise<any> => row === null ? null : await one(row);
  const change = async (id: unknown, row: Row): Promise<Row> => {
    const changed = await operations.updateById(id, row);
    if (changed === null) throw new NotFoundError(operations.tableName, { id });
    return changed;
  };
  const operationsOn = (handle: Kysely<any>): TableOperations => {
    if (typeof operations.on === "function") return operations.on(handle);
    throw new BadRequestError(
      "Cannot put the repository into a transaction: its operations have no on(handle)",
    );
  };
  const on = (handle: Kysely<any>): BaseRepository<any> =>
    build(operationsOn(handle), new Table(table.definition, handle));
  return {
    executor: table.db,
    tableName: operations.tableName,
    primaryKey: operations.primaryKey,
    findById: async (id) => await maybe(await operations.selectById(id)),
    findByIds: async (ids) => await table.entities(await operations.selectByIds(ids)),
    findAll: async () => await table.entities(await operations.selectAll()),
    async find({ where = {}, ...options } = {}) {
      return await table.entities(await operations.selectWhere(where, options));
    },
    findOne: async ({ where = {} } = {}) => await maybe(await operations.selectOneWhere(where)),
    count: async ({ where } = {}) => await operations.count(where),
    exists: async ({ where } = {}) => await operations.count(where) > 0,
    async create(input) {
      return await one(await operations.insert(await table.row(input, "create")));
    },
    async update(id, input) {
      return await one(await change(id, await table.row(input, "update")));
    },
    delete: async (id) => await operations.deleteById(id),
    async bulkCreate(inputs) {
      assertList(inputs, "add rows");
      const rows = await table.rows(inputs, "create");
      return rows.length === 0 ? [] : await table.entities(await operations.insertMany(rows));
    },
    async bulkUpdate(items) {
      assertList(items, "update rows");
      // All are validated before the first is written.
      const changes: [unknown, Row][] = [];
      for (const { id, data } of items) changes.push([id, await table.row(data, "update")]);
      if (changes.length === 0) return [];
      return await withTransaction(table.db, async ({ db }) => {
        const inside = operationsOn(db);
        const rows: Row[] = [];
        for (const [id, row] of changes) {
          const changed = await inside.updateById(id, row);
          if (changed === null) throw new NotFoundError(operations.tableName, { id });
          rows.push(changed);
        }
        return await table.entities(rows);
      });
    },
    async bulkDelete(ids) {
      assertList(ids, "delete rows");
      return ids.length === 0 ? 0 : await operations.deleteByIds(ids);
    },
    async paginate(options) {
      const page = await operations.paginate(options);
      const data = await table.entities(page.data);
      const { total, limit, offset } = page;
      return withHidden({ ...page, data }, { items: data, total, limit, offset });
    },
    async paginateCursor(options) {
      const page = await operations.paginateCursor(options);
      const data = await table.entities(page.data);
      const { nextCursor, hasMore } = page;
      return withHidden({ ...page, data }, { items: data, nextCursor, hasMore });
    },
    transaction: (fn, options) =>
      // withTransaction() gives a transaction, as its context says.
      withTransaction(table.db, ({ db }) => fn(db as Transaction<any>, on(db)), options),
    withTransaction(transaction) {
      const handle: Kysely<any> = isDbContext(transaction) ? transaction.db : kyselyOf(transaction);
      if (handle?.isTransaction === true) return on(handle);
      throw new BadRequestError(
        "Cannot put a repository into a transaction: the argument is none; pass a transaction, or " +
          "the context of one",
      );
    },
  };
}
