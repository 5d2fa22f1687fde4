import type { DatabaseDialect } from "../database_dialect.ts";
import { sslOf } from "./_ssl.ts";
import type { ConnectionConfig } from "./connection_config.ts";

const DIALECTS: ReadonlyMap<string, DatabaseDialect> = new Map([
  ["postgres", "postgres"],
  ["postgresql", "postgres"],
  ["mysql", "mysql"],
  ["mariadb", "mysql"],
  ["sqlite", "sqlite"],
  ["sqlite3", "sqlite"],
  ["file", "sqlite"],
  ["mssql", "mssql"],
  ["sqlserver", "mssql"],
]);

/**
 * Takes a connection URL apart. Every part is percent-decoded.
 *
 * Servers: `postgres://user:password@host:5432/database?sslmode=require`, with an IPv6 address in
 * brackets, or the path of a Unix socket as a percent-encoded host. SQLite: `sqlite:app.db`,
 * `sqlite:///var/app.db` (three slashes begin an absolute path), `sqlite::memory:`.
 *
 * @param url The URL.
 * @returns Its parts. A part that the URL does not have is absent; `database` is then empty.
 * @throws {TypeError} If it is not a connection URL. The message shows nothing of it but its scheme.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseConnectionUrl } from "@kysera/dialects";
 *
 * assert.deepEqual(parseConnectionUrl("postgres://app:p%40ss@[::1]:6432/shop?sslmode=require"), {
 *   dialect: "postgres",
 *   host: "::1",
 *   port: 6432,
 *   database: "shop",
 *   user: "app",
 *   password: "p@ss",
 *   ssl: true,
 *   options: { sslmode: "require" },
 * });
 * assert.equal(parseConnectionUrl("sqlite:///var/lib/app.db").database, "/var/lib/app.db");
 * ```
 */
export function parseConnectionUrl(url: string): ConnectionConfig {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  const dialect = scheme === undefined ? undefined : DIALECTS.get(scheme);
  if (dialect === undefined) {
    throw new TypeError(
      `Cannot parse connection URL: it begins with no known scheme, use one of ${
        [...DIALECTS.keys()].join(", ")
      }`,
    );
  }
  const action = `Cannot parse connection URL of scheme "${scheme}"`;
  const rest = url.slice(scheme!.length + 1);
  if (rest.includes("#")) {
    throw new TypeError(`${action}: it has a fragment; write # as %23`);
  }
  const [address, query] = splitAt(rest, rest.indexOf("?"));
  const options = parseOptions(action, query);
  const parts = dialect === "sqlite"
    ? { database: parseFile(action, address) }
    : parseServer(action, address);
  const ssl = sslOf(action, options);
  return {
    dialect,
    ...parts,
    ...(ssl === undefined ? undefined : { ssl }),
    ...(query === undefined ? undefined : { options }),
  };
}

function parseFile(action: string, address: string): string {
  const path = decode(action, "path", address.startsWith("//") ? address.slice(2) : address);
  if (path === "") {
    throw new TypeError(
      `${action}: it has no path; write sqlite::memory: for a database in memory`,
    );
  }
  return path;
}

function parseServer(action: string, address: string): ConnectionConfig {
  if (!address.startsWith("//")) {
    throw new TypeError(`${action}: two slashes must follow the scheme`);
  }
  const [authority, path = ""] = splitAt(address.slice(2), address.indexOf("/", 2) - 2);
  const [credentials, hostAndPort] = splitAtLast(authority, "@");
  if (path.includes("/") || path.includes("@")) {
    throw new TypeError(
      `${action}: it has a / or @ too many; write those of a user name, password or database as %2F and %40`,
    );
  }
  const config: ConnectionConfig = { database: decode(action, "database", path) };
  if (credentials !== undefined) {
    const [user, password] = splitAt(credentials, credentials.indexOf(":"));
    config.user = decode(action, "user name", user);
    if (password !== undefined) config.password = decode(action, "password", password);
  }
  const match = /^(\[[^\[\]]*\]|[^:\[\]]*)(?::(.*))?$/.exec(hostAndPort);
  if (match === null) {
    throw new TypeError(`${action}: its host is not valid; write an IPv6 address in brackets`);
  }
  const host = match[1]!.replace(/^\[|\]$/g, "");
  if (host !== "") config.host = decode(action, "host", host);
  if (match[2]) config.port = parsePort(action, match[2]);
  return config;
}

function parsePort(action: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new TypeError(
      `${action}: its port is not a number from 1 to 65535; write special characters of a password percent-encoded`,
    );
  }
  return port;
}

function parseOptions(action: string, query: string | undefined): Record<string, string> {
  const entries: [string, string][] = [];
  for (const pair of query?.split("&") ?? []) {
    if (pair === "") continue;
    const [name, value = ""] = splitAt(pair, pair.indexOf("="));
    const decoded = decode(action, "option", name);
    if (entries.some(([other]) => other === decoded)) {
      throw new TypeError(`${action}: it has an option twice`);
    }
    entries.push([decoded, decode(action, "option", value)]);
  }
  // Unlike an assignment, this makes even "__proto__" a property like any other.
  return Object.fromEntries(entries);
}

function decode(action: string, part: string, text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    // Without the cause, whose message may show the text.
    throw new TypeError(`${action}: its ${part} is not percent-encoded; write % as %25`);
  }
  if (decoded.includes("\0")) throw new TypeError(`${action}: its ${part} has a NUL character`);
  return decoded;
}

/** Both sides of the character at an index; the second is absent if the index is negative. */
function splitAt(text: string, index: number): [string, string?] {
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

function splitAtLast(text: string, separator: string): [string | undefined, string] {
  const index = text.lastIndexOf(separator);
  return index < 0 ? [undefined, text] : [text.slice(0, index), text.slice(index + 1)];
}
