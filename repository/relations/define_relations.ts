import { assertKnownOptions } from "@kysera/core";
import { type ContextLike, type DbContext, toContext } from "@kysera/dal";
import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { ReadOptions, TableName } from "../types.ts";
import { loadRelated } from "./_load_rows.ts";
import { keepGraph, readGraph } from "./_read_graph.ts";
import { whereRelated } from "./_where.ts";
import type {
  CheckedRelations,
  CodedDatabase,
  Included,
  IncludeOf,
  KnownInclude,
  LoadableRow,
  NamesOf,
  RelatedWhere,
  RelationsOf,
  TableCodecs,
} from "./types.ts";

/** Options of {@linkcode defineRelations}. */
export interface RelationOptions<X> {
  /** Codecs by table and column, for the rows that relations read. */
  readonly codecs?: X | undefined;
}

/** What related rows make of what a query gives: rows, one row, or none. */
export type WithRelated<DB, R, T, I, Result> = Result extends readonly (infer Row)[]
  ? (Row & Included<DB, R, T, I>)[]
  : Result extends object ? Result & Included<DB, R, T, I>
  : Result;

/** The rows of a result: those of a list, or the one. */
export type RowsOf<Result> = Result extends readonly (infer Row)[] ? Row : Result;

/**
 * Relations of a database, for repositories and for queries.
 *
 * That its types are invariant is said, since the checker would compare all of its methods to find out.
 */
export interface Relations<in out DB, in out R, in out Rows = DB> {
  /** The relations, as they were declared. */
  readonly relations: R;
  /** The codecs of the rows that relations read. */
  readonly codecs: TableCodecs<DB>;
  /**
   * Reads related rows of rows that a query gave, with one query for each relation and level.
   *
   * @param contextOrDb where they are read: the plugins of that executor hold
   * @param table the table that the rows are of
   * @param rows the rows, with the columns that the relations go by
   * @param include what is read with them
   * @param options a signal that ends the wait; that of a context holds as well
   * @returns copies of the rows, in their order, with the related rows
   * @throws {BadRequestError} for an unknown relation, column or option, before any row is read
   */
  load<
    T extends TableName<DB>,
    const I extends IncludeOf<Rows, R, T>,
    Row extends LoadableRow<Rows, R, T, NamesOf<I>>,
  >(
    contextOrDb: ContextLike<DB>,
    table: T,
    rows: readonly Row[],
    include: I & KnownInclude<Rows, R, T, I>,
    options?: ReadOptions,
  ): Promise<(Row & Included<Rows, R, T, I>)[]>;
  /**
   * Returns a step for `compose` and `chain`: it reads related rows of what the query before it gave.
   *
   * @param table the table that the rows are of
   * @param include what is read with them
   * @returns the step; of a list it makes a list, of a row a row, and of none what it is
   */
  include<T extends TableName<DB>, const I extends IncludeOf<Rows, R, T>>(
    table: T,
    include: I & KnownInclude<Rows, R, T, I>,
  ): <Result>(
    context: DbContext<DB>,
    result: RowsOf<Result> extends LoadableRow<Rows, R, T, NamesOf<I>> | null | undefined ? Result
      : readonly LoadableRow<Rows, R, T, NamesOf<I>>[],
  ) => Promise<WithRelated<Rows, R, T, I, Result>>;
  /**
   * Returns a condition for `where` of a query: on the row, and through its relations.
   *
   * @param contextOrDb where the query runs
   * @param table the table
   * @param where the condition, as of a repository
   * @param options the alias that the table has in the query
   * @throws {BadRequestError} for an unknown relation, column or comparison
   */
  where<T extends TableName<DB>>(
    contextOrDb: ContextLike<DB>,
    table: T,
    where: RelatedWhere<Rows, R, T>,
    options?: WhereOptions,
  ): Promise<(eb: ExpressionBuilder<any, any>) => Expression<SqlBool>>;
}

/** Options of {@linkcode Relations.where}. */
export interface WhereOptions {
  /** The alias that the table has in the query. Default: its name. */
  readonly as?: string | undefined;
}

/**
 * Declares the relations of tables by the type of the database. Where columns are left out, they are
 * those of the one foreign key between the tables, from the catalog, when the relation is first used.
 *
 * @returns a function that takes the relations, and codecs for the rows that they read. It throws a
 * {@linkcode BadRequestError} for what is not a relation
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createRepository, defineRelations } from "@kysera/repository";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * interface Database {
 *   users: { id: number; name: string };
 *   posts: { id: number; author_id: number; title: string };
 * }
 * const relations = defineRelations<Database>()({
 *   users: { posts: { type: "hasMany", table: "posts", columns: { id: "author_id" } } },
 *   posts: { author: { type: "belongsTo", table: "users", columns: { author_id: "id" } } },
 * });
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec(`
 *   create table users (id integer primary key, name text not null);
 *   create table posts (id integer primary key, author_id integer not null, title text not null);
 *   insert into users values (1, 'Ada'), (2, 'Alan');
 *   insert into posts values (1, 1, 'Notes'), (2, 1, 'Sketch');
 * `);
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const users = createRepository(db, { tableName: "users", relations });
 *
 * const [ada] = await users.find({
 *   where: { posts: { some: { title: "Notes" } } },
 *   include: { posts: { select: ["title"], orderBy: "id", limit: 1 }, _count: { posts: true } },
 * });
 * assert.equal(ada?.posts[0]?.title, "Notes");
 * assert.equal(ada?._count.posts, 2);
 * await db.destroy();
 * ```
 */
export function defineRelations<DB>(): <
  const R extends RelationsOf<DB>,
  X extends TableCodecs<DB> = Record<never, never>,
>(
  relations: R & CheckedRelations<DB, R>,
  options?: RelationOptions<X>,
) => Relations<DB, R, CodedDatabase<DB, X>> {
  return (relations, options = {}) => {
    assertKnownOptions(options, ["codecs"], { action: "define relations" });
    // What codecs decode is said by the types alone.
    return define(relations, options.codecs ?? {}) as Relations<any, any, any>;
  };
}

function define<R>(relations: R, codecs: TableCodecs<any>): Relations<any, R> {
  const graph = readGraph(relations, codecs);
  const defined: Relations<any, R> = {
    relations,
    codecs,
    load: async (contextOrDb, table, rows, include, options) => {
      const { db, signal } = toContext(contextOrDb);
      // The members are those that Included says.
      return await loadRelated({ graph, db, signal }, table, rows, include, options) as any;
    },
    include: (table, include) => async (context, rows) => {
      const { db, signal } = toContext(context);
      // A result that is not an object has no related rows.
      if (typeof rows !== "object" || rows === null) return rows as any;
      const list: readonly object[] = Array.isArray(rows) ? rows : [rows];
      const loaded = await loadRelated({ graph, db, signal }, table, list, include);
      return Array.isArray(rows) ? loaded : loaded[0];
    },
    where: async (contextOrDb, table, where, options = {}) => {
      assertKnownOptions(options, ["as"], { action: "make a condition" });
      const { db, signal } = toContext(contextOrDb);
      return await whereRelated({ graph, db, signal }, table, where, options.as ?? table);
    },
  };
  keepGraph(defined, graph);
  return Object.freeze(defined);
}
