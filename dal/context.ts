import type { Kysely } from "kysely";
import { BadRequestError } from "@kysera/core";
import type { ExecutorOf } from "@kysera/executor";

/** Marks a {@linkcode DbContext}. */
export const DB_CONTEXT_SYMBOL: unique symbol = Symbol.for("kysera.dal.context");

/** What every query function is given: plain, frozen, and passed on by hand. */
export interface DbContext<DB = any> {
  /** The executor, or the transaction, that queries run on. */
  readonly db: Kysely<DB>;
  /** Whether `db` is a transaction. */
  readonly isTransaction: boolean;
  /** Aborts the work; queries that take a signal should be given it. */
  readonly signal?: AbortSignal | undefined;
  /** Marks a context. */
  readonly [DB_CONTEXT_SYMBOL]: true;
}

/** What a caller adds to a context: any keys but those of the context itself. */
export type ContextExtras =
  & Readonly<Record<string, unknown>>
  & { readonly db?: never; readonly isTransaction?: never };

/** A context, or the Kysely that one is made of. */
export type ContextLike<DB = any> = DbContext<DB> | ExecutorOf<DB>;

/**
 * Makes a context.
 *
 * @param db an executor, a transaction, or a plain Kysely
 * @param extras what the caller adds: a `signal`, a request id, whatever its queries want to know
 * @returns a frozen context
 * @throws {BadRequestError} where an extra would take the place of a member of the context
 *
 * @example
 * ```ts
 * import { createContext } from "@kysera/dal";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 *
 * const db = new Kysely<{ users: { id: number } }>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * const ctx = createContext(db, { requestId: "r-1" });
 * ctx.requestId satisfies string;
 * ```
 */
export function createContext<DB, const X extends ContextExtras = Record<never, never>>(
  db: ExecutorOf<DB>,
  extras?: X & { readonly signal?: AbortSignal | undefined },
): DbContext<DB> & X {
  if (typeof db?.getExecutor !== "function") {
    throw new BadRequestError(
      "Cannot make a context: the first argument is no Kysely; pass an executor or a transaction",
    );
  }
  if (extras !== undefined && (typeof extras !== "object" || extras === null)) {
    throw new BadRequestError(
      `Cannot make a context: ${typeof extras} was given as extras; pass an object`,
    );
  }
  for (const key of ["db", "isTransaction"]) {
    if (extras !== undefined && key in extras) {
      throw new BadRequestError(`Cannot make a context: "${key}" is a member of its own`);
    }
  }
  const context = { ...extras, db, isTransaction: db.isTransaction, [DB_CONTEXT_SYMBOL]: true };
  // `db` is a Kysely<DB>, by what ExecutorOf says of it; the members of X come from `extras`, the others are set here.
  return Object.freeze(context) as unknown as DbContext<DB> & X;
}

/** Whether a value is a {@linkcode DbContext}. */
export function isDbContext<DB = any>(value: unknown): value is DbContext<DB> {
  return typeof value === "object" && value !== null && DB_CONTEXT_SYMBOL in value;
}

/** The context itself, or one made of a Kysely. */
export function toContext<DB>(contextOrDb: ContextLike<DB>): DbContext<DB> {
  return isDbContext<DB>(contextOrDb) ? contextOrDb : createContext(contextOrDb);
}

/** Whether a context is in a transaction. */
export function isInTransaction(context: ContextLike): boolean {
  return context.isTransaction;
}

/**
 * Runs a function with a context made of a Kysely.
 *
 * @param contextOrDb a Kysely; a context is passed on as it is
 * @param fn what to run
 * @returns what `fn` returns
 */
export function withContext<DB, T>(
  contextOrDb: ContextLike<DB>,
  fn: (context: DbContext<DB>) => T | Promise<T>,
): Promise<T> {
  return Promise.resolve(toContext(contextOrDb)).then(fn);
}
