import {
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type SqliteAdapter,
  SqliteQueryCompiler,
} from "kysely";
import { refuseUnknownOptions } from "../_options.ts";
import { CloudflareAdapter } from "./_cloudflare_adapter.ts";
import { CloudflareIntrospector } from "./_cloudflare_introspector.ts";
import { DurableObjectDriver } from "./_durable_object_driver.ts";

/** The part of a cursor of a Durable Object that is used. */
export interface DurableObjectCursor {
  /** The names of the columns; none for a statement without rows. */
  readonly columnNames: readonly string[];
  /** How many rows of tables and indexes were written. */
  readonly rowsWritten: number;
  /** Returns the rows as arrays. */
  raw(): Iterable<any[]>;
}

/** The part of the storage of a Durable Object that is used. */
export interface DurableObjectStorage {
  /** The SQLite database of the object. */
  readonly sql: {
    /** Runs a statement. */
    exec(sql: string, ...values: any[]): DurableObjectCursor;
  };
  /** Runs a function in a transaction, which lasts until the promise of the function is settled. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
}

/** Options of {@link durableObjectDialect}. */
export interface DurableObjectDialectConfig {
  /** The storage of the object, `ctx.storage`, of a class with SQLite. */
  readonly storage: DurableObjectStorage;
}

/**
 * Creates a Kysely dialect on the SQLite database of a Cloudflare Durable Object.
 *
 * Transactions and savepoints are those of `ctx.storage.transaction()`, also where raw SQL begins
 * them; queries outside of the one that is open wait for its end. Limits and values are those of
 * D1: see {@link d1Dialect}.
 *
 * @param config The storage.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { durableObjectDialect, type DurableObjectStorage } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 *
 * interface Database {
 *   visits: { id: number; path: string };
 * }
 *
 * class Counter {
 *   readonly db: Kysely<Database>;
 *
 *   constructor(ctx: { storage: DurableObjectStorage }) {
 *     this.db = new Kysely<Database>({ dialect: durableObjectDialect({ storage: ctx.storage }) });
 *   }
 * }
 * if (typeof Counter !== "function") throw new Error("no class");
 * ```
 */
export function durableObjectDialect(config: DurableObjectDialectConfig): Dialect {
  refuseUnknownOptions("durableObjectDialect()", config, ["storage"]);
  const { storage } = config;
  // Where the class was not declared with SQLite, reading `sql` throws an error that says so.
  if (typeof storage?.sql?.exec !== "function") {
    throw new TypeError(
      'Cannot call durableObjectDialect(): option "storage" must be the storage of a Durable Object ' +
        "(ctx.storage) whose class has SQLite",
    );
  }
  return {
    createDriver: (): Driver => new DurableObjectDriver(storage),
    createQueryCompiler: (): QueryCompiler => new SqliteQueryCompiler(),
    createAdapter: (): SqliteAdapter => new CloudflareAdapter(),
    createIntrospector: (db: Kysely<any>): DatabaseIntrospector => new CloudflareIntrospector(db),
  };
}
