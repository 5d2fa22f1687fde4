import {
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
} from "kysely";
import type { TransactionLimit } from "@kysera/core";
import { refuseUnknownOptions } from "../_options.ts";
import { NeonHttpDriver } from "./_neon_http_driver.ts";

/** Isolation levels, as Neon calls them. */
export type NeonIsolationLevel =
  | "ReadUncommitted"
  | "ReadCommitted"
  | "RepeatableRead"
  | "Serializable";

/** Options of {@link neonHttpDialect}. */
export interface NeonHttpDialectConfig {
  /** `postgresql://user:password@host/database`, or a function that returns it when it is needed. */
  readonly connectionString: string | (() => string | Promise<string>);
  /** Where queries are sent. Default: `https://` and the host of the connection string, `/sql`. */
  readonly endpoint?: string | undefined;
  /** A JWT for Neon's authorization, or a function that returns one, asked for each request. */
  readonly authToken?: string | (() => string | Promise<string>) | undefined;
  /** The isolation level of batches. Default: that of the database. */
  readonly isolationLevel?: NeonIsolationLevel | undefined;
  /** Reads values of types, by their OID, from the text that PostgreSQL has for them. */
  readonly types?: Readonly<Record<number, (text: string) => unknown>> | undefined;
  /** Sends the requests. Default: `fetch` of the runtime. */
  readonly fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
}

const OPTIONS: readonly (keyof NeonHttpDialectConfig)[] = [
  "connectionString",
  "endpoint",
  "authToken",
  "isolationLevel",
  "types",
  "fetch",
];
const LEVELS: readonly NeonIsolationLevel[] = [
  "ReadUncommitted",
  "ReadCommitted",
  "RepeatableRead",
  "Serializable",
];

/**
 * Creates a Kysely dialect on Neon's HTTP endpoint: each query is one request, without a connection
 * that is held. Values are read as `pg` reads them, but `bytea` is a `Uint8Array`.
 *
 * There are no interactive transactions, savepoints, streams, nor anything that lives in a session
 * (`SET`, temporary tables, `LISTEN`): `executor.batch()` sends several statements as one
 * transaction.
 *
 * @param config Where the database is.
 * @returns The dialect.
 * @throws {TypeError} If an option is unknown or has a wrong value.
 *
 * @example
 * ```ts
 * import { Kysely } from "kysely";
 * import { neonHttpDialect } from "@kysera/dialects";
 *
 * interface Database {
 *   users: { id: number; name: string };
 * }
 *
 * const db = new Kysely<Database>({
 *   dialect: neonHttpDialect({ connectionString: "postgresql://app:secret@db.example.org/app" }),
 * });
 * const query = db.selectFrom("users").selectAll().where("id", "=", 1).compile();
 * if (query.sql !== `select * from "users" where "id" = $1`) throw new Error(query.sql);
 * await db.destroy();
 * ```
 */
export function neonHttpDialect(config: NeonHttpDialectConfig): Dialect {
  refuseUnknownOptions("neonHttpDialect()", config, OPTIONS);
  const { connectionString, isolationLevel } = config;
  if (typeof connectionString !== "function") mustBeConnectionString(connectionString);
  if (isolationLevel !== undefined && !LEVELS.includes(isolationLevel)) {
    throw new TypeError(
      `Cannot call neonHttpDialect(): option "isolationLevel" is "${isolationLevel}", it must be ` +
        `one of ${LEVELS.join(", ")}`,
    );
  }
  return {
    createDriver: (): Driver => new NeonHttpDriver(config),
    createQueryCompiler: (): QueryCompiler => new PostgresQueryCompiler(),
    createAdapter: (): PostgresAdapter => new NeonAdapter(),
    createIntrospector: (db: Kysely<any>): DatabaseIntrospector => new PostgresIntrospector(db),
  };
}

/**
 * Returns a connection string as a URL.
 *
 * @throws {TypeError} If it is none. The message holds nothing of it: it has a password.
 */
export function mustBeConnectionString(connectionString: unknown): URL {
  const url = typeof connectionString === "string" && URL.canParse(connectionString)
    ? new URL(connectionString)
    : undefined;
  const isComplete = /^postgres(?:ql)?:$/.test(url?.protocol ?? "") && url!.username !== "" &&
    url!.hostname !== "" && url!.pathname.length > 1;
  if (isComplete) return url!;
  throw new TypeError(
    'Cannot call neonHttpDialect(): option "connectionString" must be ' +
      "postgresql://user:password@host/database",
  );
}

class NeonAdapter extends PostgresAdapter implements TransactionLimit {
  readonly hasInteractiveTransactions = false;
}
