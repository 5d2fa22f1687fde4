import { assertKnownOptions, BadRequestError, didYouMean, isPlainObject } from "@kysera/core";
import { type ContextLike, type DbContext, toContext } from "@kysera/dal";
import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import { assertColumn } from "../_columns.ts";
import type { Codec, ReadOptions, TableName } from "../types.ts";
import { RelationGraph } from "./_graph.ts";
import { loadRelated } from "./_load_rows.ts";
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
  RelationConfig,
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

const GRAPHS: WeakMap<object, RelationGraph> = new WeakMap();

/** Returns the graph of relations that {@linkcode defineRelations} made, in this copy or another. */
export function graphOf(relations: Relations<any, any, any>): RelationGraph {
  const known = GRAPHS.get(relations);
  if (known !== undefined) return known;
  const { relations: declared, codecs } = Object(relations) as Partial<Relations<any, any>>;
  if (!isPlainObject(declared)) {
    throw new BadRequestError(
      "Cannot use relations: they are not what defineRelations() returns; pass that",
    );
  }
  const graph = readGraph(declared, codecs ?? {});
  GRAPHS.set(relations, graph);
  return graph;
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
  GRAPHS.set(defined, graph);
  return Object.freeze(defined);
}

const TYPES = ["belongsTo", "hasOne", "hasMany", "manyToMany"];
/** What a condition and an include have for other things. */
const TAKEN: ReadonlySet<string> = new Set(["_count", "and", "or", "not"]);

function readGraph(relations: unknown, codecs: object): RelationGraph {
  if (!isPlainObject(relations)) throw wrong("pass an object of tables");
  if (!isPlainObject(codecs)) throw wrong("codecs are an object of tables");
  return new RelationGraph(
    new Map(
      Object.entries(relations).map(([table, named]) => {
        if (!isPlainObject(named)) {
          throw wrong(`the relations of "${table}" are an object of their names`);
        }
        return [
          table,
          new Map(
            Object.entries(named).map((
              [name, config],
            ) => [name, readRelation(table, name, config)]),
          ),
        ];
      }),
    ),
    new Map(
      Object.entries(codecs).map(([table, each]) => [
        table,
        new Map(Object.entries(each as Record<string, Codec>)),
      ]),
    ),
  );
}

function readRelation(table: string, name: string, config: unknown): RelationConfig {
  const what = `"${table}.${name}"`;
  assertColumn(name, `define the relation ${what}`);
  if (TAKEN.has(name) || name.startsWith("$")) {
    throw wrong(`${what} has a name that means something else; give it another one`);
  }
  if (!isPlainObject(config)) {
    throw wrong(
      `${what} is not a relation; write { type: "hasMany", table: "posts", columns: .. }`,
    );
  }
  assertKnownOptions(config, ["type", "table", "columns", "through"], {
    action: "define relations",
    subject: what,
  });
  const { type, table: other, columns, through } = config as unknown as RelationConfig;
  if (typeof type !== "string" || !TYPES.includes(type)) {
    throw wrong(
      `${what} has the type "${String(type)}"; there are ${
        TYPES.map((each) => `"${each}"`).join(", ")
      }${typeof type === "string" ? didYouMean(type, TYPES) : ""}`,
    );
  }
  assertTable(other, what);
  if (type === "manyToMany") {
    if (columns !== undefined) {
      throw wrong(`${what} is of the type "manyToMany"; its columns are said in "through"`);
    }
    if (!isPlainObject(through)) {
      throw wrong(`${what} lacks the table between; write through: { table: ".." }`);
    }
    assertKnownOptions(through, ["table", "from", "to"], {
      action: "define relations",
      subject: `"through" of ${what}`,
    });
    assertTable(through.table, what);
    if (through.table === other) throw wrong(`${what} goes through the table that it leads to`);
    assertPairs(through.from, what);
    assertPairs(through.to, what);
  } else if (through !== undefined) {
    throw wrong(`${what} has a table between; that is of the type "manyToMany"`);
  }
  assertPairs(columns, what);
  return config as unknown as RelationConfig;
}

function assertTable(table: unknown, what: string): void {
  if (typeof table === "string" && table !== "") return;
  throw wrong(`${what} names no table`);
}

function assertPairs(pairs: unknown, what: string): void {
  if (pairs === undefined) return;
  if (!isPlainObject(pairs) || Object.keys(pairs).length === 0) {
    throw wrong(`${what} has columns that are not an object of them; write { author_id: "id" }`);
  }
  for (const [own, theirs] of Object.entries(pairs)) {
    assertColumn(own, `define the relation ${what}`);
    assertColumn(theirs, `define the relation ${what}`);
  }
}

function wrong(problem: string): BadRequestError {
  return new BadRequestError(`Cannot define relations: ${problem}`);
}
