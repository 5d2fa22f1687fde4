import { BadRequestError } from "@kysera/core";
import type { DatabaseDialect } from "../database_dialect.ts";
import type { DialectAdapter, DialectAdapterOptions } from "./dialect_adapter.ts";
import { MySQLAdapter, mysqlAdapter } from "./mysql_adapter.ts";
import { PostgresAdapter, postgresAdapter } from "./postgres_adapter.ts";
import { SQLiteAdapter, sqliteAdapter } from "./sqlite_adapter.ts";

const adapters = new Map<DatabaseDialect, DialectAdapter>(
  [postgresAdapter, mysqlAdapter, sqliteAdapter].map((adapter) => [adapter.dialect, adapter]),
);

/**
 * Returns the adapter of a dialect.
 *
 * @param dialect The family of SQL. SQL Server has no adapter, unless one was registered: this
 * package only compiles for it.
 * @returns Its adapter.
 * @throws {BadRequestError} If there is none.
 *
 * @example
 * ```ts
 * import { getAdapter, sqliteAdapter } from "@kysera/dialects";
 *
 * if (getAdapter("sqlite") !== sqliteAdapter) throw new Error("unexpected");
 * ```
 */
export function getAdapter(dialect: DatabaseDialect): DialectAdapter {
  const adapter = adapters.get(dialect);
  if (adapter !== undefined) return adapter;
  throw new BadRequestError(
    `Cannot get the adapter of ${JSON.stringify(dialect)}: there are ${
      [...adapters.keys()].join(", ")
    }; add one with registerAdapter()`,
  );
}

/**
 * Makes `getAdapter()`, and the functions that take a dialect, use another adapter from now on.
 *
 * @param adapter The adapter; it takes the place of the one that its dialect has.
 *
 * @example
 * ```ts
 * import { getAdapter, PostgresAdapter, postgresAdapter, registerAdapter } from "@kysera/dialects";
 *
 * const adapter = new PostgresAdapter({ defaultSchema: "app" });
 * registerAdapter(adapter);
 * if (getAdapter("postgres") !== adapter) throw new Error("unexpected");
 * registerAdapter(postgresAdapter);
 * ```
 */
export function registerAdapter(adapter: DialectAdapter): void {
  adapters.set(adapter.dialect, adapter);
}

/**
 * Makes an adapter with options of its own.
 *
 * @param dialect The family of SQL.
 * @param options Its options.
 * @returns The adapter; it is not registered.
 * @throws {BadRequestError} If there is none for the dialect.
 *
 * @example
 * ```ts
 * import { createDialectAdapter } from "@kysera/dialects";
 *
 * const adapter = createDialectAdapter("postgres", { defaultSchema: "app" });
 * if (adapter.defaultSchema !== "app") throw new Error("unexpected");
 * ```
 */
export function createDialectAdapter(
  dialect: DatabaseDialect,
  options: DialectAdapterOptions = {},
): DialectAdapter {
  switch (dialect) {
    case "postgres":
      return new PostgresAdapter(options);
    case "mysql":
      return new MySQLAdapter(options);
    case "sqlite":
      return new SQLiteAdapter(options);
    default:
      throw new BadRequestError(
        `Cannot make an adapter of ${JSON.stringify(dialect)}: there is none`,
      );
  }
}
