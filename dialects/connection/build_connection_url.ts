import type { DatabaseDialect } from "../database_dialect.ts";
import { SSL_OPTION, sslOf } from "./_ssl.ts";
import type { ConnectionConfig } from "./connection_config.ts";

/**
 * Puts a connection URL together, each part percent-encoded: the reverse of `parseConnectionUrl()`.
 *
 * @param dialect The family of SQL.
 * @param config The parts. The host is `localhost` if not given.
 * @returns The URL. It holds the password, if there is one: do not log it.
 * @throws {TypeError} If a part is missing, not valid, or contradicts another. The message shows no
 * values.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { buildConnectionUrl } from "@kysera/dialects";
 *
 * const url = buildConnectionUrl("postgres", {
 *   host: "::1",
 *   user: "app",
 *   password: "p@ss",
 *   database: "shop",
 *   ssl: true,
 * });
 * assert.equal(url, "postgres://app:p%40ss@[::1]/shop?sslmode=require");
 * assert.equal(buildConnectionUrl("sqlite", { database: ":memory:" }), "sqlite::memory:");
 * ```
 */
export function buildConnectionUrl(dialect: DatabaseDialect, config: ConnectionConfig): string {
  const action = `Cannot build connection URL of "${dialect}"`;
  if (config.dialect !== undefined && config.dialect !== dialect) {
    throw new TypeError(`${action}: the configuration is one of "${config.dialect}"`);
  }
  const query = buildQuery(action, dialect, config);
  return dialect === "sqlite"
    ? `sqlite:${buildFile(action, config)}${query}`
    : `${dialect}://${buildServer(action, config)}${query}`;
}

function buildFile(action: string, config: ConnectionConfig): string {
  const { database, host, port, user, password } = config;
  if (database === "") throw new TypeError(`${action}: it needs a path in "database"`);
  if ([host, port, user, password].some((part) => part !== undefined)) {
    throw new TypeError(`${action}: a file has no host, port, user or password`);
  }
  if (database === ":memory:") return database;
  const path = database.split("/").map(encodeURIComponent).join("/");
  return path.startsWith("/") ? `//${path}` : path;
}

function buildServer(action: string, config: ConnectionConfig): string {
  const { host = "localhost", port, database, user, password } = config;
  if (password !== undefined && user === undefined) {
    throw new TypeError(`${action}: it has a password and no user`);
  }
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65535)) {
    throw new TypeError(`${action}: its port is not a number from 1 to 65535`);
  }
  const credentials = user === undefined
    ? ""
    : `${encodeURIComponent(user)}${
      password === undefined ? "" : `:${encodeURIComponent(password)}`
    }@`;
  const address = host.includes(":") && !host.includes("/")
    ? `[${encodeURIComponent(host).replaceAll("%3A", ":")}]`
    : encodeURIComponent(host);
  const path = database === "" ? "" : `/${encodeURIComponent(database)}`;
  return `${credentials}${address}${port === undefined ? "" : `:${port}`}${path}`;
}

function buildQuery(action: string, dialect: DatabaseDialect, config: ConnectionConfig): string {
  const options = { ...config.options };
  if (config.ssl !== undefined) {
    const said = sslOf(action, options);
    if (said !== undefined && said !== config.ssl) {
      throw new TypeError(`${action}: "ssl" and its options contradict each other`);
    }
    if (said === undefined) {
      const option = SSL_OPTION[dialect];
      if (option === undefined) throw new TypeError(`${action}: a file has no encryption`);
      options[option[0]] = option[config.ssl ? 1 : 2];
    }
  }
  const pairs = Object.entries(options).map(([name, value]) =>
    `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}
