import type { LintOptions } from "@kysera/migrations/lint";
import type { Kysely } from "kysely";

/** The databases that the program can open by itself. */
export type ConfigDialect =
  | "postgres"
  | "postgresql"
  | "pglite"
  | "mysql"
  | "mariadb"
  | "sqlite";

/** How many connections are held, and for how long. */
export interface PoolConfig {
  /** The least that are kept, on PostgreSQL. Default: 0. */
  readonly min?: number | undefined;
  /** The most that are open. Default: 4. */
  readonly max?: number | undefined;
  /** After how long a connection that nothing uses is closed, in milliseconds. */
  readonly idleTimeoutMillis?: number | undefined;
  /** How long to wait for a connection, in milliseconds. */
  readonly acquireTimeoutMillis?: number | undefined;
}

/** Which database the commands work on. */
export interface DatabaseConfig {
  /** A connection URL: `postgres://app@localhost/shop`, `sqlite:app.db`, `pglite:./data`. */
  readonly connection?: string | undefined;
  /** What kind of database it is, where there is no URL. */
  readonly dialect?: ConfigDialect | undefined;
  /** The name of the database; for SQLite the path of its file, for PGlite that of its folder. */
  readonly database?: string | undefined;
  /** The server. Default: `localhost`. */
  readonly host?: string | undefined;
  /** Its port. Default: that of the dialect. */
  readonly port?: number | undefined;
  /** Who logs in. */
  readonly user?: string | undefined;
  /** With what. */
  readonly password?: string | undefined;
  /** Whether the connection is encrypted; or what the driver takes for `ssl`. */
  readonly ssl?: boolean | Readonly<Record<string, unknown>> | undefined;
  /** The pool of connections to a server. */
  readonly pool?: PoolConfig | undefined;
  /** Whether each statement is shown on the standard error. Its parameters are not. */
  readonly debug?: boolean | undefined;
  /**
   * Creates the Kysely instance, or the executor, that commands work through, in place of all the
   * others: for other drivers, and for plugins. It is destroyed at the end.
   */
  readonly kysely?: (() => Kysely<any> | Promise<Kysely<any>>) | undefined;
}

/** Where migrations are, and how they run. */
export interface MigrationsConfig {
  /** The folder with the migrations. Default: `./migrations`. */
  readonly directory?: string | undefined;
  /**
   * What placeholders like `${schema}` stand for in the scripts of a folder that is laid out as Flyway's;
   * `false` if it has none.
   */
  readonly placeholders?: Readonly<Record<string, string>> | false | undefined;
  /** The table of the history. Default: `kysera_migration`. */
  readonly tableName?: string | undefined;
  /** The schema of the table. Default: the one that names without a schema mean. */
  readonly schema?: string | undefined;
  /** How long to wait for another runner, in milliseconds. Default: 600,000. */
  readonly lockTimeout?: number | undefined;
  /**
   * How long a statement waits for a table that others use, in milliseconds; `0` for as long as the
   * database lets it. Default: 5,000.
   */
  readonly tableLockTimeout?: number | undefined;
  /** How often what did not get a table in time is run again. Default: 5. */
  readonly tableLockRetries?: number | undefined;
  /** A folder with templates for `migrate create`: `create-table.ts` and the like. */
  readonly templates?: string | undefined;
  /** What to do where the code and the history do not fit each other. Default: `strict`. */
  readonly policy?: "strict" | "allow-unordered" | "repair" | undefined;
}

/** Where the files with seeds are. */
export interface SeedsConfig {
  /** The folder. Default: `./seeds`. */
  readonly directory?: string | undefined;
}

/** What `migrate lint` is told beside its flags. */
export type LintConfig = Pick<LintOptions, "rules" | "targetVersion" | "emptyTables" | "plugins">;

/** What an assistant can do through `kysera mcp`. */
export interface McpConfig {
  /**
   * Who the assistant asks as: what plugins find as `auth` in the context. It goes beside an empty list
   * of roles.
   */
  readonly principal?: Readonly<Record<string, unknown>> | undefined;
  /** The most rows that a tool returns, or changes. Default: 100. */
  readonly maxRows?: number | undefined;
  /** How long a query can take, in milliseconds. Default: 5,000. */
  readonly timeout?: number | undefined;
}

/** Who uses the tables, for `policies matrix` and `policies check`. */
export interface PoliciesConfig {
  /**
   * Principals by their names: what `auth` of the context holds, such as
   * `{ userId: 1, tenantId: 7, roles: ["editor"] }`; `null` for nobody. `--as` takes the names, too.
   */
  readonly principals?: Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;
}

/** What `doctor` is told of the program that uses the database. */
export interface DoctorConfig {
  /** Checks that are left out. */
  readonly ignore?: readonly string[] | undefined;
  /** The columns that say which tenant a row belongs to. Default: `tenant_id` and `tenantId`. */
  readonly tenantColumns?: readonly string[] | undefined;
  /** By table, the columns that pages are sorted by: `{ posts: ["-created_at", "id"] }`. */
  readonly keysets?: Readonly<Record<string, readonly string[]>> | undefined;
  /** By table, the columns that the program takes for its key: `{ posts: ["id"] }`. */
  readonly keys?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What an environment has in place of what stands outside of it. */
export interface EnvironmentConfig {
  /** The database, and how to reach it. */
  readonly database?: DatabaseConfig | undefined;
  /** Where the migrations are, and how they run. */
  readonly migrations?: MigrationsConfig | undefined;
  /** Where the files with seeds are. */
  readonly seeds?: SeedsConfig | undefined;
  /** What `migrate lint` is told. */
  readonly lint?: LintConfig | undefined;
  /** What an assistant can do. */
  readonly mcp?: McpConfig | undefined;
  /** Who uses the tables. */
  readonly policies?: PoliciesConfig | undefined;
  /** What `doctor` is told. */
  readonly doctor?: DoctorConfig | undefined;
}

/** The configuration of the program: what `kysera.config.ts` exports by default. */
export interface KyseraConfig extends EnvironmentConfig {
  /** By the names that `--env` takes; what an environment says goes before the rest. */
  readonly environments?: Readonly<Record<string, EnvironmentConfig>> | undefined;
}
