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
import { LibsqlDriver } from "./_libsql_driver.ts";
import type { SqliteDialectOptions } from "./sqlite_dialect_options.ts";

/** The part of a result of `@libsql/client` that is used. */
export interface LibsqlResult {
  /** The names of the columns; none for a statement without rows. */
  readonly columns: readonly string[];
  /** The rows, each with its values by number. */
  readonly rows: readonly { readonly [index: number]: unknown }[];
  /** How many rows were changed. */
  readonly rowsAffected: number;
  /** The id of the row that was inserted last. */
  readonly lastInsertRowid: bigint | undefined;
}

/** A statement, as `@libsql/client` takes it. */
export interface LibsqlStatement {
  /** The text. */
  sql: string;
  /** What goes to the parameters. */
  args: any[];
}

/** The part of a transaction of `@libsql/client` that is used. */
export interface LibsqlTransaction {
  /** Runs a statement in the transaction. */
  execute(statement: string | LibsqlStatement): Promise<LibsqlResult>;
  /** Ends the transaction, and keeps what it has done. */
  commit(): Promise<void>;
  /** Ends the transaction, and takes back what it has done. */
  rollback(): Promise<void>;
  /** Frees the connection of the transaction. */
  close(): void;
}

/** The part of a client of `@libsql/client` that is used. */
export interface LibsqlClient {
  /** `"file"` for a local file, else the protocol of a server. */
  readonly protocol: string;
  /** Runs a statement. */
  execute(statement: LibsqlStatement): Promise<LibsqlResult>;
  /** Runs statements in one transaction. */
  batch(statements: LibsqlStatement[], mode: "write"): Promise<readonly LibsqlResult[]>;
  /** Begins a transaction. */
  transaction(mode: "read" | "write" | "deferred"): Promise<LibsqlTransaction>;
  /** Closes the client. */
  close(): void;
}

/** Options of {@link libsqlDialect}. */
export interface LibsqlDialectConfig extends Pick<SqliteDialectOptions, "bigints"> {
  /**
   * A client of `@libsql/client`, or a function that creates one when it is first needed. With
   * `intMode: "bigint"` integers keep every digit; without, the client throws a `RangeError` for one
   * that does not fit into a number.
   */
  readonly client: LibsqlClient | (() => LibsqlClient | Promise<LibsqlClient>);
}

/**
 * Creates a Kysely dialect on a client of `@libsql/client`: a local file, or a server of libSQL or
 * Turso. `db.destroy()` closes the client.
 *
 * Transactions are those of the client, `client.transaction()`, also where they are begun by raw
 * SQL. There are no streams: the client returns all rows at once. A client of `:memory:` is of no
 * use, as it forgets everything with a transaction; use a file.
 *
 * @param config The client and how to use it.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { type LibsqlClient, libsqlDialect } from "@kysera/dialects";
 * import { Kysely } from "kysely";
 *
 * interface Database {
 *   users: { id: number; name: string };
 * }
 *
 * // const client = createClient({ url: "file:app.db", intMode: "bigint" });
 * function open(client: LibsqlClient): Kysely<Database> {
 *   return new Kysely<Database>({ dialect: libsqlDialect({ client }) });
 * }
 * if (typeof open !== "function") throw new Error("no function");
 * ```
 */
export function libsqlDialect(config: LibsqlDialectConfig): Dialect {
  const name = "libsqlDialect()";
  refuseUnknownOptions(name, config, ["client", "bigints"]);
  const { client, bigints = "auto" } = config;
  if (client === null || (typeof client !== "object" && typeof client !== "function")) {
    throw new TypeError(
      `Cannot call ${name}: option "client" must be a client of @libsql/client, or a function that ` +
        "creates one",
    );
  }
  if (!["auto", "always", "throw"].includes(bigints)) {
    throw new TypeError(
      `Cannot call ${name}: option "bigints" is "${bigints}", it must be "auto", "always" or "throw"`,
    );
  }
  return {
    createDriver: (): Driver =>
      new LibsqlDriver(typeof client === "function" ? client : () => client, bigints),
    createQueryCompiler: (): QueryCompiler => new SqliteQueryCompiler(),
    createAdapter: (): SqliteAdapter => new LibsqlAdapter(),
    createIntrospector: (db: Kysely<any>): DatabaseIntrospector => new SqliteIntrospector(db),
  };
}

class LibsqlAdapter extends SqliteAdapter {
  /** The driver itself knows which clients have one connection. */
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}
