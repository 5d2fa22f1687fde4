import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  MssqlAdapter,
  MssqlIntrospector,
  MssqlQueryCompiler,
} from "kysely";

/**
 * Makes a Kysely dialect that compiles queries for Microsoft SQL Server, and refuses to run them.
 * SQL Server is supported as far as that: what queries become is tested, against no server. To run
 * queries hand Kysely's own `MssqlDialect` with `tedious` and `tarn`.
 *
 * @returns The dialect.
 *
 * @example
 * ```ts
 * import { Kysely } from "kysely";
 * import { mssqlCompileOnlyDialect } from "@kysera/dialects";
 *
 * interface Database {
 *   users: { id: number; name: string };
 * }
 *
 * const db = new Kysely<Database>({ dialect: mssqlCompileOnlyDialect() });
 * const query = db.selectFrom("users").top(10).select("name").compile();
 * if (query.sql !== `select top(10) "name" from "users"`) throw new Error(query.sql);
 * ```
 */
export function mssqlCompileOnlyDialect(): Dialect {
  return {
    createAdapter: () => new MssqlAdapter(),
    createDriver: () => new RefusingDriver(),
    createIntrospector: (db: Kysely<any>) => new MssqlIntrospector(db),
    createQueryCompiler: () => new MssqlQueryCompiler(),
  };
}

/** Has no connection to give. */
class RefusingDriver implements Driver {
  init(): Promise<void> {
    return Promise.resolve();
  }

  acquireConnection(): Promise<DatabaseConnection> {
    return this.#refuse();
  }

  beginTransaction(): Promise<void> {
    return this.#refuse();
  }

  commitTransaction(): Promise<void> {
    return this.#refuse();
  }

  rollbackTransaction(): Promise<void> {
    return this.#refuse();
  }

  releaseConnection(): Promise<void> {
    return this.#refuse();
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }

  #refuse(): Promise<never> {
    return Promise.reject(
      new Error(
        "Cannot run a query: mssqlCompileOnlyDialect() only compiles, use compile() or Kysely's MssqlDialect",
      ),
    );
  }
}
