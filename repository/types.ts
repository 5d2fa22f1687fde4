import type { CursorSecurity, Insertable, Selectable, Updateable } from "@kysera/core";
import type { CursorPage, OffsetPage } from "./_pages.ts";
import type { ExecutorOf, Plugin, RepositoryExtension } from "@kysera/executor";
import type {
  Expression,
  ExpressionBuilder,
  Kysely,
  SelectQueryBuilder,
  SqlBool,
  Transaction,
} from "kysely";
import type { DbContext } from "@kysera/dal";
import type { Loader } from "./loader.ts";
import type { InputOf, OutputOf, StandardSchema } from "./standard_schema.ts";
import type { Where } from "./where.ts";

/** Names of the tables of a database. */
export type TableName<DB> = keyof DB & string;

/** Columns that make up a primary key. */
export type KeyColumns<DB, T extends keyof DB> =
  | (keyof Selectable<DB[T]> & string)
  | readonly (keyof Selectable<DB[T]> & string)[];

/** The value of a primary key: of one column its value, of several an object of theirs. */
export type KeyOf<DB, T extends keyof DB, PK> = PK extends readonly (infer C)[]
  ? { readonly [K in C & keyof Selectable<DB[T]>]: Selectable<DB[T]>[K] }
  : PK extends keyof Selectable<DB[T]> ? Selectable<DB[T]>[PK]
  : never;

/** Turns values of a column into what the database keeps, and back. */
export interface Codec<App = any, Stored = any> {
  /** What the database keeps. */
  encode(value: App): Stored;
  /** What the program gets; not called for NULL. */
  decode(value: Stored): App;
}

/** Schemas of a repository. Each is optional. */
export interface RepositorySchemas {
  /** What an entity must be, as `mapRow` gives it; looked at where `validateDbResults` says so. */
  readonly entity?: StandardSchema<any, any> | undefined;
  /** What `create` takes. */
  readonly create?: StandardSchema<any, any> | undefined;
  /** What `update` takes. */
  readonly update?: StandardSchema<any, any> | undefined;
}

/** What a repository is made from. An option that is not one of these is an error. */
export interface RepositoryConfig<
  DB,
  T extends TableName<DB>,
  Entity = Selectable<DB[T]>,
  PK extends KeyColumns<DB, T> = KeyColumns<DB, T>,
  S extends RepositorySchemas = RepositorySchemas,
> {
  /** The table. */
  readonly tableName: T;
  /** The column, or the columns, of the primary key. Default `"id"`. */
  readonly primaryKey?: PK | undefined;
  /** Makes an entity of a row. Default: the row. */
  readonly mapRow?: ((row: Selectable<DB[T]>) => Entity) | undefined;
  /** Schemas of Zod, Valibot, ArkType, Yup, or whatever implements Standard Schema. */
  readonly schemas?: S | undefined;
  /**
   * Whether rows that come from the database are validated: all, none, or a part of them (0.01 is one
   * in a hundred). Default none.
   */
  readonly validateDbResults?: boolean | number | undefined;
  /** A column of whole numbers that `update` compares and counts up. */
  readonly versionColumn?: (keyof Selectable<DB[T]> & string) | undefined;
  /** Codecs by column. */
  readonly codecs?: { readonly [C in keyof Selectable<DB[T]>]?: Codec } | undefined;
}

/** What `create` takes. */
export type CreateInput<DB, T extends keyof DB, S> = S extends { readonly create: infer C }
  ? C extends StandardSchema<any, any> ? InputOf<C> : Insertable<DB[T]>
  : Insertable<DB[T]>;

/** What `update` takes. */
export type UpdateInput<DB, T extends keyof DB, S> = S extends { readonly update: infer U }
  ? U extends StandardSchema<any, any> ? InputOf<U> : Updateable<DB[T]>
  : Updateable<DB[T]>;

/** What `find` and its like give. */
export type EntityOf<Entity, S> = S extends { readonly entity: infer E }
  ? E extends StandardSchema<any, any> ? unknown extends Entity ? OutputOf<E> : Entity : Entity
  : Entity;

/** An order: a column, or columns with directions. */
export type OrderBy<Table> =
  | (keyof Selectable<Table> & string)
  | readonly {
    /** The column. */
    readonly column: keyof Selectable<Table> & string;
    /** Default `"asc"`. */
    readonly direction?: "asc" | "desc" | undefined;
    /** Where rows without a value go. Default: as the dialect has it. */
    readonly nulls?: "first" | "last" | undefined;
  }[];

/** Options of `find`. */
export interface FindOptions<Table> {
  /** Which rows. */
  readonly where?: Where<Table> | undefined;
  /** In which order. */
  readonly orderBy?: OrderBy<Table> | undefined;
  /** The direction, where `orderBy` is one column. Default `"asc"`. */
  readonly orderDirection?: "asc" | "desc" | undefined;
  /** How many rows at the most. */
  readonly limit?: number | undefined;
  /** How many rows are passed over. */
  readonly offset?: number | undefined;
}

/** Options of `paginate`. */
export interface PageOptions<Table> extends Omit<FindOptions<Table>, "limit" | "offset"> {
  /** The page, from 1. */
  readonly page?: number | undefined;
  /** Rows on a page. Default 20. */
  readonly limit?: number | undefined;
  /** How the total is found. Default `"exact"`. */
  readonly total?: "exact" | "estimate" | "none" | undefined;
}

/** Options of `paginateCursor`. */
export interface CursorPageOptions<Table> extends Omit<FindOptions<Table>, "limit" | "offset"> {
  /** Rows on a page. Default 20. */
  readonly limit?: number | undefined;
  /** Where to go on from: a `nextCursor` or `prevCursor` of another page. */
  readonly cursor?: string | undefined;
  /** Signs cursors, so that nobody else can make one. */
  readonly security?: CursorSecurity | undefined;
}

/** Options of `upsert`. */
export interface UpsertOptions<Table> {
  /** The columns of the unique key. */
  readonly conflictColumns: readonly (keyof Selectable<Table> & string)[];
  /** The columns to change where the key is taken. Default: all that are given, but for the key. */
  readonly updateColumns?: readonly (keyof Selectable<Table> & string)[] | undefined;
}

/** Options of `update`. */
export interface UpdateOptions {
  /** The version the row had when it was read. Only with a `versionColumn`. */
  readonly version?: number | undefined;
}

/** A table as a collection of entities, with the plugins of its executor. */
export interface Repository<
  DB,
  T extends TableName<DB>,
  Entity,
  Key,
  Create,
  Update,
  Extensions = unknown,
> {
  /** The handle that queries run on. */
  readonly executor: Kysely<DB>;
  /** The table. */
  readonly tableName: T;
  /** The columns of the primary key. */
  readonly primaryKey: readonly string[];
  /** The codecs, by column. */
  readonly codecs: ReadonlyMap<string, Codec>;
  /** The row with a key, or `null`. */
  findById(id: Key): Promise<Entity | null>;
  /** The row with a key. @throws {NotFoundError} */
  getById(id: Key): Promise<Entity>;
  /** The rows with these keys, in their order; those that are not there are left out. */
  findByIds(ids: readonly Key[]): Promise<Entity[]>;
  /** The rows that fit. */
  find(options?: FindOptions<DB[T]>): Promise<Entity[]>;
  /** The first row that fits, or `null`. */
  findOne(options?: Omit<FindOptions<DB[T]>, "limit">): Promise<Entity | null>;
  /** The first row that fits. @throws {NotFoundError} */
  findOneOrThrow(options?: Omit<FindOptions<DB[T]>, "limit">): Promise<Entity>;
  /** The one row that fits. @throws {NotFoundError} @throws {MultipleRowsError} */
  one(where: Where<DB[T]>): Promise<Entity>;
  /** The one row that fits, or `null`. @throws {MultipleRowsError} */
  maybe(where: Where<DB[T]>): Promise<Entity | null>;
  /** All rows. */
  findAll(options?: Omit<FindOptions<DB[T]>, "where">): Promise<Entity[]>;
  /** How many rows fit. */
  count(options?: { readonly where?: Where<DB[T]> | undefined }): Promise<number>;
  /** Whether a row fits. */
  exists(options?: { readonly where?: Where<DB[T]> | undefined }): Promise<boolean>;
  /** Adds a row. @throws {ValidationError} before any SQL is run */
  create(input: Create): Promise<Entity>;
  /** Changes a row. @throws {NotFoundError} @throws {StaleRowError} @throws {ValidationError} */
  update(id: Key, input: Update, options?: UpdateOptions): Promise<Entity>;
  /** Removes a row; whether there was one. */
  delete(id: Key): Promise<boolean>;
  /** Adds a row, or changes the one that has its key. @throws {UpsertConflictError} */
  upsert(input: Create, options: UpsertOptions<DB[T]>): Promise<Entity>;
  /** Adds rows, all or none, in their order. */
  bulkCreate(inputs: readonly Create[]): Promise<Entity[]>;
  /** Changes rows, all or none, in their order. @throws {NotFoundError} */
  bulkUpdate(
    items: readonly ({ readonly id: Key; readonly data: Update } & UpdateOptions)[],
  ): Promise<Entity[]>;
  /** Removes rows; how many there were. */
  bulkDelete(ids: readonly Key[]): Promise<number>;
  /** Changes the rows that fit; how many there were. An empty condition is refused. */
  updateWhere(where: Where<DB[T]>, input: Update): Promise<number>;
  /** Removes the rows that fit; how many there were. An empty condition is refused. */
  deleteWhere(where: Where<DB[T]>): Promise<number>;
  /** A page by its number. */
  paginate(options?: PageOptions<DB[T]>): Promise<OffsetPage<Entity>>;
  /** A page by a cursor. */
  paginateCursor(options?: CursorPageOptions<DB[T]>): Promise<CursorPage<Entity>>;
  /** The rows that fit, one after the other, as they are asked for. */
  iterate(
    options?: FindOptions<DB[T]> & { readonly chunkSize?: number | undefined },
  ): AsyncIterableIterator<Entity>;
  /** Answers many `load(id)` of one tick with one query. */
  loader(): Loader<Key, Entity>;
  /**
   * A condition that the key is one of these, for `where` of a query of one's own. Of none, no row
   * has it.
   */
  keyIn(ids: readonly Key[]): (eb: ExpressionBuilder<any, any>) => Expression<SqlBool>;
  /** The guarded query builder of Kysely, for what the methods do not say. */
  query(): SelectQueryBuilder<DB, T, Record<never, never>>;
  /** Runs a function in a transaction; its repository is in it. */
  transaction<R>(
    fn: (
      repository: this,
      transaction: Transaction<DB>,
    ) => Promise<R>,
  ): Promise<R>;
  /** The same repository in a transaction: with its plugins, its context and its extensions. */
  withTransaction(
    transaction: ExecutorOf<DB> | DbContext<DB>,
  ): Repository<DB, T, Entity, Key, Create, Update, Extensions> & Extensions;
  /** The same repository on another handle of its executor. */
  on(handle: Kysely<any>): Repository<DB, T, Entity, Key, Create, Update, Extensions> & Extensions;
}

/** The methods that plugins add to a repository. */
export type ExtensionsOf<
  P extends readonly Plugin[],
  Entity,
  Key,
  Create = unknown,
  Update = unknown,
> = P extends readonly [infer First, ...infer Rest extends readonly Plugin[]]
  ? MethodsOf<First, Entity, Key, Create, Update> & ExtensionsOf<Rest, Entity, Key, Create, Update>
  : unknown;

/** The methods that one plugin adds. */
export type MethodsOf<P, Entity, Key, Create = unknown, Update = unknown> = P extends
  { readonly repositoryExtension?: infer X } ? X extends RepositoryExtension ? (X & {
      readonly entity: Entity;
      readonly key: Key;
      readonly create: Create;
      readonly update: Update;
    })["methods"]
  : unknown
  : unknown;
