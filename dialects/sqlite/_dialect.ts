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
import { refuseUnknownOptions } from "../_options.ts";
import { SqliteDriver } from "./_driver.ts";
import type { SqliteHandle } from "./_handle.ts";
import type { SqliteDialectOptions } from "./sqlite_dialect_options.ts";

const DEFAULT_STATEMENT_CACHE_SIZE = 256;
const OPTIONS = ["database", "statementCacheSize", "bigints", "onCreateConnection"];

/** Options of a dialect that is handed the database of a driver. */
export interface SqliteHandleConfig<D> extends SqliteDialectOptions {
  readonly database: D | (() => D | Promise<D>);
}

/** A Kysely dialect over whatever driver `wrap` makes a {@link SqliteHandle} of. */
export class SqliteHandleDialect<D extends object> implements Dialect {
  readonly #config: SqliteHandleConfig<D>;
  readonly #wrap: (database: D) => SqliteHandle;

  constructor(name: string, config: SqliteHandleConfig<D>, wrap: (database: D) => SqliteHandle) {
    checkConfig(name, config);
    this.#config = { ...config };
    this.#wrap = wrap;
  }

  createDriver(): Driver {
    const { database, bigints, statementCacheSize, onCreateConnection } = this.#config;
    return new SqliteDriver({
      open: async () => this.#wrap(typeof database === "function" ? await database() : database),
      bigints: bigints ?? "auto",
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

function checkConfig(name: string, config: SqliteHandleConfig<object>): void {
  refuseUnknownOptions(name, config, OPTIONS);
  const { database, bigints, statementCacheSize } = config;
  if (database === null || (typeof database !== "object" && typeof database !== "function")) {
    throw new TypeError(
      `Cannot call ${name}: option "database" must be a database of the driver, or a function that opens one`,
    );
  }
  if (bigints !== undefined && !["auto", "always", "throw"].includes(bigints)) {
    throw new TypeError(
      `Cannot call ${name}: option "bigints" is "${bigints}", it must be "auto", "always" or "throw"`,
    );
  }
  if (
    statementCacheSize !== undefined &&
    !(Number.isInteger(statementCacheSize) && statementCacheSize >= 0)
  ) {
    throw new RangeError(
      `Cannot call ${name}: option "statementCacheSize" is ${statementCacheSize}, it must be a whole number, 0 or more`,
    );
  }
}
