import { pgDialect } from "@kysera/dialects";
import type { PostgresPool } from "kysely";
import { importDriver } from "./_import_driver.ts";
import type { OpenDialect } from "./_open_dialect.ts";
import { quoted } from "./_open_pglite.ts";

interface PgModule {
  readonly default: { readonly Pool: new (options: Record<string, unknown>) => PostgresPool };
}

/** Opens PostgreSQL by `pg`. */
export const openPostgres: OpenDialect = async ({ target: { config }, root, schema }) => {
  const { default: pg } = await importDriver<PgModule>("pg", root, "PostgreSQL");
  const { connection, host, port, user, password, ssl, pool } = config;
  return (database) =>
    pgDialect({
      pool: new pg.Pool({
        ...connection === undefined
          ? given({
            host: host ?? "localhost",
            port,
            user,
            password,
            database: database ?? config.database,
          })
          : { connectionString: withSearchPath(withDatabase(connection, database), schema) },
        ...given({
          ssl,
          min: pool?.min,
          max: pool?.max ?? 4,
          idleTimeoutMillis: pool?.idleTimeoutMillis,
          connectionTimeoutMillis: pool?.acquireTimeoutMillis ?? 10_000,
        }),
        application_name: "kysera",
        ...schema === undefined ? {} : { options: searchPath(schema) },
      }),
    });
};

/** Returns a URL of another database of the same server. */
export function withDatabase(url: string, database: string | undefined): string {
  if (database === undefined) return url;
  const [, server, query] = /^([a-z0-9+.-]+:\/\/[^/?]*)(?:\/[^?]*)?(\?.*)?$/i.exec(url)!;
  return `${server}/${encodeURIComponent(database)}${query ?? ""}`;
}

/** The members that have a value: the driver takes an undefined one for something else. */
export function given(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** The option of a session by which raw SQL means a schema as well, unlike by `withSchema()`. */
function searchPath(schema: string): string {
  return `-c search_path=${quoted(schema).replaceAll(/[\\\s]/g, "\\$&")}`;
}

/** Adds the option to those of a URL, which for `pg` go before all others. */
function withSearchPath(url: string, schema: string | undefined): string {
  if (schema === undefined) return url;
  const at = url.includes("?") ? url.indexOf("?") : url.length;
  const query = new URLSearchParams(url.slice(at + 1));
  const options = [query.get("options") ?? "", searchPath(schema)].join(" ").trim();
  query.delete("options");
  const rest = query.size === 0 ? "" : `${query}&`;
  // A plus sign stands for a space in forms, and for itself in a URL.
  return `${url.slice(0, at)}?${rest.replaceAll("+", "%20")}options=${encodeURIComponent(options)}`;
}
