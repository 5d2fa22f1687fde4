import type { CursorPage, OffsetPage } from "../_pages.ts";
import type {
  ColumnOf,
  CountedRows,
  CountOptions,
  CursorPageOptions,
  FindOptions,
  Found,
  PageOptions,
  ReadOptions,
  SelectOption,
} from "../types.ts";
import type {
  Included,
  IncludeOf,
  KnownInclude,
  LoadableRow,
  NamesOf,
  NoRelations,
  RelatedWhere,
  RelationNameOf,
  TableOf,
} from "./types.ts";

/** What is read with rows. */
export interface IncludeOption<DB, R, T, I> {
  /** Related rows, and how many there are: `{ posts: { limit: 3 }, _count: { posts: true } }`. */
  readonly include?: (I & KnownInclude<DB, R, T, I>) | undefined;
}

/** Options of a method, with conditions on related rows. */
export type Related<Options, DB, R, T, Own> = Omit<Options, "where" | "include"> & {
  /** Which rows. */
  readonly where?: RelatedWhere<DB, R, T, Own> | undefined;
};

/** What a repository has that was given relations. */
export interface RelatedRepository<
  DB,
  T,
  Entity,
  Key,
  Update,
  R,
  Own = TableOf<DB, T>,
> {
  /** The row with a key, with related rows, or `null`. */
  findById<const I extends IncludeOf<DB, R, T>>(
    id: Key,
    options: ReadOptions & IncludeOption<DB, R, T, I>,
  ): Promise<(Entity & Included<DB, R, T, I>) | null>;
  /** The row with a key, with related rows. @throws {NotFoundError} */
  getById<const I extends IncludeOf<DB, R, T>>(
    id: Key,
    options: ReadOptions & IncludeOption<DB, R, T, I>,
  ): Promise<Entity & Included<DB, R, T, I>>;
  /** The rows with these keys, with related rows, in their order. */
  findByIds<const I extends IncludeOf<DB, R, T>>(
    ids: readonly Key[],
    options: ReadOptions & IncludeOption<DB, R, T, I>,
  ): Promise<(Entity & Included<DB, R, T, I>)[]>;
  /** The rows that fit, with related rows. */
  find<
    const C extends ColumnOf<Own> = never,
    const I extends IncludeOf<DB, R, T> = NoRelations,
  >(
    options:
      & Related<FindOptions<Own>, DB, R, T, Own>
      & SelectOption<Own, C>
      & IncludeOption<DB, R, T, I>,
  ): Promise<(Found<Entity, Own, C> & Included<DB, R, T, I>)[]>;
  /** {@linkcode RelatedRepository.find}, and how many rows fit. */
  findAndCount<
    const C extends ColumnOf<Own> = never,
    const I extends IncludeOf<DB, R, T> = NoRelations,
  >(
    options:
      & Related<FindOptions<Own>, DB, R, T, Own>
      & SelectOption<Own, C>
      & IncludeOption<DB, R, T, I>,
  ): Promise<CountedRows<Found<Entity, Own, C> & Included<DB, R, T, I>>>;
  /** The first row that fits, with related rows, or `null`. */
  findOne<
    const C extends ColumnOf<Own> = never,
    const I extends IncludeOf<DB, R, T> = NoRelations,
  >(
    options:
      & Related<Omit<FindOptions<Own>, "limit">, DB, R, T, Own>
      & SelectOption<Own, C>
      & IncludeOption<DB, R, T, I>,
  ): Promise<(Found<Entity, Own, C> & Included<DB, R, T, I>) | null>;
  /** The first row that fits, with related rows. @throws {NotFoundError} */
  findOneOrThrow<
    const C extends ColumnOf<Own> = never,
    const I extends IncludeOf<DB, R, T> = NoRelations,
  >(
    options:
      & Related<Omit<FindOptions<Own>, "limit">, DB, R, T, Own>
      & SelectOption<Own, C>
      & IncludeOption<DB, R, T, I>,
  ): Promise<Found<Entity, Own, C> & Included<DB, R, T, I>>;
  /** All rows, with related rows. */
  findAll<
    const C extends ColumnOf<Own> = never,
    const I extends IncludeOf<DB, R, T> = NoRelations,
  >(
    options:
      & Omit<FindOptions<Own>, "where" | "include">
      & SelectOption<Own, C>
      & IncludeOption<DB, R, T, I>,
  ): Promise<(Found<Entity, Own, C> & Included<DB, R, T, I>)[]>;
  /** A page by its number, with related rows. */
  paginate<const I extends IncludeOf<DB, R, T> = NoRelations>(
    options: Related<PageOptions<Own>, DB, R, T, Own> & IncludeOption<DB, R, T, I>,
  ): Promise<OffsetPage<Entity & Included<DB, R, T, I>>>;
  /** A page by a cursor, with related rows. */
  paginateCursor<const I extends IncludeOf<DB, R, T> = NoRelations>(
    options: Related<CursorPageOptions<Own>, DB, R, T, Own> & IncludeOption<DB, R, T, I>,
  ): Promise<CursorPage<Entity & Included<DB, R, T, I>>>;
  /** The one row that fits. @throws {NotFoundError} @throws {MultipleRowsError} */
  one(where: RelatedWhere<DB, R, T, Own>): Promise<Entity>;
  /** The one row that fits, or `null`. @throws {MultipleRowsError} */
  maybe(where: RelatedWhere<DB, R, T, Own>): Promise<Entity | null>;
  /** How many rows fit. */
  count(options: Related<CountOptions<Own>, DB, R, T, Own>): Promise<number>;
  /** Whether a row fits. */
  exists(options: Related<CountOptions<Own>, DB, R, T, Own>): Promise<boolean>;
  /**
   * The rows that fit, one after the other, as they are asked for. `chunkSize` is how many the driver
   * reads at a time, where it can. Default 100.
   */
  iterate(
    options: Related<FindOptions<Own>, DB, R, T, Own> & {
      readonly chunkSize?: number | undefined;
    },
  ): AsyncIterableIterator<Entity>;
  /** Changes the rows that fit; how many there were. An empty condition is refused. */
  updateWhere(where: RelatedWhere<DB, R, T, Own>, input: Update): Promise<number>;
  /** Removes the rows that fit; how many there were. An empty condition is refused. */
  deleteWhere(where: RelatedWhere<DB, R, T, Own>): Promise<number>;
  /**
   * Reads related rows of rows that were read before.
   *
   * @param rows the rows, with the columns that the relation goes by
   * @param relation the relation, or several
   * @returns copies of the rows, in their order, with the related rows
   */
  load<Row extends LoadableRow<DB, R, T, N>, const N extends RelationNameOf<R, T>>(
    rows: readonly Row[],
    relation: N | readonly N[],
    options?: ReadOptions,
  ): Promise<(Row & Included<DB, R, T, { readonly [K in N]: true }>)[]>;
  /**
   * Reads related rows of rows that were read before.
   *
   * @param rows the rows, with the columns that the relations go by
   * @param include what is read with them, as of `find`
   * @returns copies of the rows, in their order, with the related rows
   */
  load<Row extends LoadableRow<DB, R, T, NamesOf<I>>, const I extends IncludeOf<DB, R, T>>(
    rows: readonly Row[],
    include: I & KnownInclude<DB, R, T, I>,
    options?: ReadOptions,
  ): Promise<(Row & Included<DB, R, T, I>)[]>;
}

/** What relations add to a repository; nothing where there are none. */
export type RelationMethods<DB, T, Entity, Key, Update, R, Own> = [keyof R] extends [never]
  ? unknown
  : RelatedRepository<DB, T, Entity, Key, Update, R, Own>;
