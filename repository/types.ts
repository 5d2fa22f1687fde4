import type { CursorSecurity, Dialect, Insertable, Selectable, Updateable } from "@kysera/core";
import type { CursorPage, OffsetPage } from "./_pages.ts";
import type { AnyKysely, Plugin, RepositoryExtension } from "@kysera/executor";
import type {
  Expression,
  ExpressionBuilder,
  Kysely,
  SelectQueryBuilder,
  SqlBool,
  Transaction,
} from "kysely";
import type { DbContext, TransactionOptions } from "@kysera/dal";
import type { Loader } from "./loader.ts";
import type { DialectConfig, PrimaryKeyTypeHint } from "./primary_key.ts";
import type { Codecs, Coded, OnlyColumns } from "./coded.ts";
import type { SchemasFit } from "./fits.ts";
import type { InputOf, OutputOf, RepositorySchema } from "./standard_schema.ts";
import type { Relations } from "./relations/define_relations.ts";
import type { Where } from "./where.ts";
import type { AggregateMethods } from "./aggregates.ts";
import type {
  ConditionalUpsertOptions,
  CreatedMany,
  FirstOrCreated,
  FirstOrCreateOptions,
  SkipDuplicates,
  Upserted,
} from "./write_options.ts";

/** Names of the tables of a database. */
export type TableName<DB> = keyof DB & string;

/** Columns that make up a primary key. */
export type KeyColumnsOf<DB, T extends keyof DB> =
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
  readonly entity?: RepositorySchema | undefined;
  /** What `create` takes. */
  readonly create?: RepositorySchema | undefined;
  /** What `update` takes. */
  readonly update?: RepositorySchema | undefined;
}

/** What a repository is made from. An option that is not one of these is an error. */
export interface RepositoryConfig<
  DB,
  T extends TableName<DB>,
  Entity = Selectable<DB[T]>,
  PK extends KeyColumnsOf<DB, T> = KeyColumnsOf<DB, T>,
  S extends RepositorySchemas = RepositorySchemas,
  K extends Codecs<DB[T]> = Codecs<DB[T]>,
  R = any,
  Rows = any,
> {
  /** The table. */
  readonly tableName: T;
  /** The column, or the columns, of the primary key. Default `"id"`. */
  readonly primaryKey?: PK | undefined;
  /** Makes an entity of a row. Default: the row. */
  readonly mapRow?: ((row: Selectable<Coded<DB[T], K>>) => Entity) | undefined;
  /**
   * Schemas of Zod, Valibot, ArkType, Yup, or whatever implements Standard Schema. One that does
   * not fit the table (a column that is not there, of another type, or missing) does not compile.
   */
  readonly schemas?: S & SchemasFit<T, Coded<DB[T], K>, S> | undefined;
  /**
   * Whether rows that come from the database are validated: all, none, or a part of them (0.01 is
   * one in a hundred). Default none.
   */
  readonly validateDbResults?: boolean | number | undefined;
  /** A column of whole numbers that `update` compares and counts up. */
  readonly versionColumn?: (keyof Selectable<DB[T]> & string) | undefined;
  /** Codecs by column; what they decode is the type of the column in every method. */
  readonly codecs?: (K & OnlyColumns<DB[T], K>) | undefined;
  /** Relations, as `defineRelations` returns them; methods follow those of the table. */
  readonly relations?: Relations<DB, R, Rows> | undefined;
  /** The schema that the table is in. Default: the one that the executor is set to. */
  readonly schema?: string | undefined;
  /**
   * What the values of the key must be; others are refused before any SQL runs. Default: what the
   * types say, unchecked.
   */
  readonly primaryKeyType?: PrimaryKeyTypeHint | undefined;
  /**
   * How many parameters the database takes in one statement, where that is less than its dialect
   * says. Methods for many rows or keys then send more statements; rows of relations are read with
   * the number of the dialect. `d1Dialect()` says 100 by itself.
   */
  readonly maxParameters?: number | undefined;
  /** `"none"` takes inputs as they are, for callers that have validated them. Default `"strict"`. */
  readonly validationStrategy?: "strict" | "none" | undefined;
  /** The dialect, which is known without it; one that the executor is not of is refused. */
  readonly dialect?: Dialect | DialectConfig | undefined;
}

/** What `create` takes. */
export type CreateInput<DB, T extends keyof DB, S> = S extends { readonly create: infer C }
  ? C extends RepositorySchema ? InputOf<C> : Insertable<DB[T]>
  : Insertable<DB[T]>;

/** What `update` takes. */
export type UpdateInput<DB, T extends keyof DB, S> = S extends { readonly update: infer U }
  ? U extends RepositorySchema ? InputOf<U> : Updateable<DB[T]>
  : Updateable<DB[T]>;

/** What `find` and its like give. */
export type EntityOf<Entity, S> = S extends { readonly entity: infer E }
  ? E extends RepositorySchema ? unknown extends Entity ? OutputOf<E> : Entity : Entity
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
    /**
     * Whether there can be rows without a value, for pages by cursor: one statement fewer at the
     * end where there are none, and an index for a key behind others. Default: true, except the
     * columns of the primary key. Where it is false and a row has no value, that row may be on no
     * page.
     */
    readonly nullable?: boolean | undefined;
  }[];

/** Options of everything that reads. */
export interface ReadOptions {
  /**
   * Ends the wait where it is aborted; a query that was sent runs on, and its result is dropped.
   * The signal of the context that a repository was joined to a transaction with holds as well.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Which rows `count` and `exists` look at. */
export interface CountOptions<Table> extends ReadOptions {
  /** Which rows. Default all. */
  readonly where?: Where<Table> | undefined;
}

/** Options of `find`. */
export interface FindOptions<Table> extends ReadOptions {
  /** Which rows. */
  readonly where?: Where<Table> | undefined;
  /** In which order. */
  readonly orderBy?: OrderBy<Table> | undefined;
  /** The direction, where `orderBy` is one column. Default `"asc"`. */
  readonly orderDirection?: "asc" | "desc" | undefined;
  /** The list of `orderBy`, by another name. */
  readonly sort?: Exclude<OrderBy<Table>, string> | undefined;
  /** How many rows at the most. */
  readonly limit?: number | undefined;
  /** How many rows are passed over. */
  readonly offset?: number | undefined;
  /** Related rows, which repositories read that have `relations`. */
  readonly include?: undefined;
}

/** Some columns in place of entities: rows as they are, without `mapRow`. */
export interface SelectColumns<Table, C extends ColumnOf<Table>> {
  /** The columns. Codecs apply; `mapRow` and the schema of entities do not. */
  readonly select: readonly C[];
}

/** {@linkcode SelectColumns}, which may be left out. */
export interface SelectOption<Table, C extends ColumnOf<Table>> {
  /** Some columns instead of entities: rows as they are, without `mapRow` and the schema of entities. */
  readonly select?: readonly C[];
}

/** What reading gives: entities, or rows of the columns that `select` names. */
export type Found<Entity, Table, C extends ColumnOf<Table>> = [C] extends [never] ? Entity
  : Selected<Table, C>;

/** The columns of a table. */
export type ColumnOf<Table> = keyof Selectable<Table> & string;

/** The rows of {@linkcode SelectColumns}. */
export type Selected<Table, C extends ColumnOf<Table>> = Pick<Selectable<Table>, C>;

/** What `findAndCount` gives. */
export interface CountedRows<Row> {
  /** The rows that fit, as many as `limit` allows. */
  readonly data: Row[];
  /** How many fit in all. */
  readonly total: number;
  /** `data`, by another name; not enumerable. */
  readonly items: Row[];
}

/** Options of `paginate`. */
export interface PageOptions<Table> extends Omit<FindOptions<Table>, "limit"> {
  /** The page, from 1. Not with `offset`. */
  readonly page?: number | undefined;
  /** How many rows are passed over, in place of `page`. */
  readonly offset?: number | undefined;
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
  /** The columns to change where the key is taken. Default: all that are given, except the key. */
  readonly updateColumns?: readonly (keyof Selectable<Table> & string)[] | undefined;
}

/** Options of `update`. */
export interface UpdateOptions {
  /**
   * The version the row had when it was read. Only with a `versionColumn`. `undefined` and `null`
   * are refused: leave the option out to update without a check.
   */
  readonly version?: number | bigint | string;
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
  Columns = DB[T],
> extends AggregateMethods<Columns> {
  /** The instance that queries run on. */
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
  find<const C extends ColumnOf<Columns> = never>(
    options?: FindOptions<Columns> & SelectOption<Columns, C>,
  ): Promise<Found<Entity, Columns, C>[]>;
  /** The rows that fit, and how many there are without `limit` and `offset`. */
  findAndCount<const C extends ColumnOf<Columns> = never>(
    options?: FindOptions<Columns> & SelectOption<Columns, C>,
  ): Promise<CountedRows<Found<Entity, Columns, C>>>;
  /** The first row that fits, or `null`. */
  findOne<const C extends ColumnOf<Columns> = never>(
    options?: Omit<FindOptions<Columns>, "limit"> & SelectOption<Columns, C>,
  ): Promise<Found<Entity, Columns, C> | null>;
  /** The first row that fits. @throws {NotFoundError} */
  findOneOrThrow<const C extends ColumnOf<Columns> = never>(
    options?: Omit<FindOptions<Columns>, "limit"> & SelectOption<Columns, C>,
  ): Promise<Found<Entity, Columns, C>>;
  /** The one row that fits. @throws {NotFoundError} @throws {MultipleRowsError} */
  one(where: Where<Columns>): Promise<Entity>;
  /** The one row that fits, or `null`. @throws {MultipleRowsError} */
  maybe(where: Where<Columns>): Promise<Entity | null>;
  /** All rows. */
  findAll<const C extends ColumnOf<Columns> = never>(
    options?: Omit<FindOptions<Columns>, "where"> & SelectOption<Columns, C>,
  ): Promise<Found<Entity, Columns, C>[]>;
  /** How many rows fit. */
  count(options?: CountOptions<Columns>): Promise<number>;
  /** Whether a row fits. */
  exists(options?: CountOptions<Columns>): Promise<boolean>;
  /** Adds a row. @throws {ValidationError} before any SQL is run */
  create(input: Create): Promise<Entity>;
  /** Changes a row. @throws {NotFoundError} @throws {StaleRowError} @throws {ValidationError} */
  update(id: Key, input: Update, options?: UpdateOptions): Promise<Entity>;
  /** Removes a row; whether there was one. */
  delete(id: Key): Promise<boolean>;
  /** Adds a row, or changes the one that has its key. @throws {UpsertConflictError} */
  upsert(
    input: Create,
    options: ConditionalUpsertOptions<Columns> & { readonly outcome: true },
  ): Promise<Upserted<Entity>>;
  /** Adds a row, or changes the one that has its key. @throws {UpsertConflictError} */
  upsert(input: Create, options: ConditionalUpsertOptions<Columns>): Promise<Entity>;
  /**
   * The row that has the key of the input, or else the input as a new row: of several callers at
   * the same time, one adds it. @throws {UpsertConflictError} if the key is that of a row that is
   * hidden
   */
  firstOrCreate(
    input: Create,
    options: FirstOrCreateOptions<Columns>,
  ): Promise<FirstOrCreated<Entity>>;
  /** Adds the rows whose keys are free, and tells how many. */
  createMany(inputs: readonly Create[], options: SkipDuplicates<Columns>): Promise<CreatedMany>;
  /** `bulkCreate` by another name. */
  createMany(inputs: readonly Create[]): Promise<Entity[]>;
  /** {@linkcode Repository.upsert} of many, all or none, in their order. */
  upsertMany(
    inputs: readonly Create[],
    options: Omit<ConditionalUpsertOptions<Columns>, "outcome">,
  ): Promise<Entity[]>;
  /** Adds rows, all or none, in their order. */
  bulkCreate(inputs: readonly Create[]): Promise<Entity[]>;
  /** Changes rows, all or none, in their order. @throws {NotFoundError} */
  bulkUpdate(
    items: readonly ({ readonly id: Key; readonly data: Update } & UpdateOptions)[],
  ): Promise<Entity[]>;
  /** Removes rows; how many there were. */
  bulkDelete(ids: readonly Key[]): Promise<number>;
  /** Changes the rows that fit; how many there were. An empty condition is refused. */
  updateWhere(where: Where<Columns>, input: Update): Promise<number>;
  /** Removes the rows that fit; how many there were. An empty condition is refused. */
  deleteWhere(where: Where<Columns>): Promise<number>;
  /** A page by its number. */
  paginate(options?: PageOptions<Columns>): Promise<OffsetPage<Entity>>;
  /** A page by a cursor. */
  paginateCursor(options?: CursorPageOptions<Columns>): Promise<CursorPage<Entity>>;
  /**
   * The rows that fit, one after the other, as they are asked for. `chunkSize` is how many the driver
   * reads at a time, where it can. Default 100.
   */
  iterate(
    options?: FindOptions<Columns> & { readonly chunkSize?: number | undefined },
  ): AsyncIterableIterator<Entity>;
  /** Answers many `load(id)` of one tick with one query. */
  loader(options?: ReadOptions): Loader<Key, Entity>;
  /**
   * A condition that the key is one of these, for `where` of a query of one's own. Of none, no row
   * has it.
   */
  keyIn(ids: readonly Key[]): (eb: ExpressionBuilder<any, any>) => Expression<SqlBool>;
  /** The guarded query builder of Kysely, for what the methods do not say. */
  query(): SelectQueryBuilder<DB, T, Record<never, never>>;
  /** Runs a function in a transaction; the repository that it is given is in it. */
  transaction<R>(
    fn: (
      transaction: Transaction<DB>,
      repository: this,
    ) => Promise<R> | R,
    options?: TransactionOptions,
  ): Promise<R>;
  /** The same repository in a transaction: with its plugins, its context and its extensions. */
  withTransaction(
    transaction: AnyKysely<DB> | DbContext<DB>,
  ): Repository<DB, T, Entity, Key, Create, Update, Extensions, Columns> & Extensions;
  /** The same repository on another instance of its executor. */
  on(
    handle: AnyKysely<any>,
  ): Repository<DB, T, Entity, Key, Create, Update, Extensions, Columns> & Extensions;
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
