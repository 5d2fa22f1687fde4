import {
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { SqliteDriver } from "./_driver.ts";
import type { BigintMode, SqliteHandle } from "./_handle.ts";
import type { SqliteDialectOptions } from "./sqlite_dialect_options.ts";

const DEFAULT_STATEMENT_CACHE_SIZE = 256;
const OPTIONS = ["database", "statementCacheSize", "bigints", "onCreateConnection"];

/** Options of a dialect that is handed the database of a driver. */
export interface SqliteConfig<D> extends SqliteDialectOptions {
  readonly database: D | (() => D | Promise<D>);
}

/** A Kysely dialect over whatever driver `wrap` makes a {@link SqliteHandle} of. */
export class SqliteHandleDialect<D extends object> implements Dialect {
  readonly #config: SqliteConfig<D>;
  readonly #wrap: (database: D, bigints: BigintMode) => SqliteHandle;

  constructor(
    name: string,
    config: SqliteConfig<D>,
    wrap: (database: D, bigints: BigintMode) => SqliteHandle,
  ) {
    checkConfig(name, config);
    this.#config = { ...config };
    this.#wrap = wrap;
  }

  createDriver(): Driver {
    const { database, bigints = "auto", statementCacheSize, onCreateConnection } = this.#config;
    return new SqliteDriver({
      open: async () =>
        this.#wrap(typeof database === "function" ? await database() : database, bigints),
      statementCacheSize: statementCacheSize ?? DEFAULT_STATEMENT_CACHE_SIZE,
      onCreateConnection,
    });
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new SqliteAdapter();
  }

  createIntrospector(db: Kysely<any>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

function checkConfig(name: string, config: SqliteConfig<object>): void {
  for (const key of Object.keys(config)) {
    if (!OPTIONS.includes(key)) {
      throw new TypeError(
        `Cannot make ${name}: it has no option "${key}", its options are ${OPTIONS.join(", ")}`,
      );
    }
  }
  const { database, bigints, statementCacheSize } = config;
  if (database === null || (typeof database !== "object" && typeof database !== "function")) {
    throw new TypeError(
      `Cannot make ${name}: option "database" must be a database of the driver, or a function that opens one`,
    );
  }
  if (bigints !== undefined && !["auto", "always", "throw"].includes(bigints)) {
    throw new TypeError(
      `Cannot make ${name}: option "bigints" is "${bigints}", it must be "auto", "always" or "throw"`,
    );
  }
  if (statementCacheSize !== undefined && !(statementCacheSize >= 0)) {
    throw new RangeError(
      `Cannot make ${name}: option "statementCacheSize" is ${statementCacheSize}, it must be 0 or more`,
    );
  }
}
