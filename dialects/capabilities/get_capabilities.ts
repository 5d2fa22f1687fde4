import type { DatabaseDialect } from "../database_dialect.ts";
import { refuseUnknownOptions } from "../_options.ts";
import { isAtLeast, parseVersion, type Version } from "./_version.ts";
import type { DialectCapabilities, DialectVariant } from "./dialect_capabilities.ts";

/** Options of {@link getCapabilities}. */
export interface GetCapabilitiesOptions {
  /** The database, where several speak the dialect: `"mariadb"` for `"mysql"`, say. */
  readonly variant?: DialectVariant;
  /**
   * The version, as the server tells it. If not given, the oldest that is supported: PostgreSQL 12,
   * MySQL 8.0, MariaDB 10.6, SQLite 3.37 (D1 3.44), SQL Server 2017 (14).
   */
  readonly version?: string;
}

/**
 * Returns what a database can do, as far as SQL differs.
 *
 * @param dialect The family of SQL.
 * @param options Which database of that family, and which version.
 * @returns Its capabilities.
 * @throws {TypeError} If the variant is none of the dialect, the version cannot be read, or an option
 * is unknown.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { getCapabilities } from "@kysera/dialects";
 *
 * assert.equal(getCapabilities("mysql").returning.insert, false);
 * assert.equal(getCapabilities("mysql", { variant: "mariadb" }).returning.insert, true);
 * assert.equal(getCapabilities("postgres").merge, false);
 * assert.equal(getCapabilities("postgres", { version: "17.2" }).merge, true);
 * ```
 */
export function getCapabilities(
  dialect: DatabaseDialect,
  options: GetCapabilitiesOptions = {},
): DialectCapabilities {
  refuseUnknownOptions("getCapabilities()", options, ["variant", "version"]);
  const variant = options.variant ??
    (dialect === "mysql" && options.version?.includes("MariaDB") ? "mariadb" : dialect);
  const known = VARIANTS[variant];
  if (known?.dialect !== dialect) {
    throw new TypeError(
      `Cannot tell the capabilities of "${variant}": it is not a variant of "${dialect}"`,
    );
  }
  const version = options.version === undefined ? known.oldest : parseVersion(options.version);
  const since = (...other: Version) => isAtLeast(version, other);
  return { dialect, variant, ...known.capabilities(since) };
}

interface Variant {
  readonly dialect: DatabaseDialect;
  readonly oldest: Version;
  capabilities(
    since: (...version: Version) => boolean,
  ): Omit<DialectCapabilities, "dialect" | "variant">;
}

const EVERY = { insert: true, update: true, delete: true };
const NONE = { insert: false, update: false, delete: false };

/** What all of them have in common. */
const COMMON = {
  savepoints: true,
  interactiveTransactions: true,
  compoundLimit: Infinity,
  expressionDepthLimit: Infinity,
  likePatternLimit: Infinity,
  exactIntegers: true,
  streams: true,
};

const postgres: Variant = {
  dialect: "postgres",
  oldest: [12, 0, 0],
  capabilities: (since) => ({
    ...COMMON,
    returning: EVERY,
    transactionalDdl: true,
    multipleConnections: true,
    advisoryLocks: true,
    forUpdate: true,
    skipLocked: true,
    rowValues: true,
    nullsOrder: true,
    nullsAscending: "last",
    booleans: true,
    upsert: "on conflict",
    merge: since(15, 0, 0),
    replace: false,
    lateralJoins: true,
    fullJoins: true,
    intersectAndExcept: true,
    parameterLimit: 65_535,
    identifierLimit: 63,
  }),
};

const mysql: Variant = {
  dialect: "mysql",
  oldest: [8, 0, 0],
  capabilities: (since) => ({
    ...COMMON,
    returning: NONE,
    transactionalDdl: false,
    multipleConnections: true,
    advisoryLocks: true,
    forUpdate: true,
    skipLocked: true,
    rowValues: true,
    nullsOrder: false,
    nullsAscending: "first",
    booleans: false,
    upsert: "on duplicate key update",
    merge: false,
    replace: true,
    lateralJoins: since(8, 0, 14),
    fullJoins: false,
    intersectAndExcept: since(8, 0, 31),
    parameterLimit: 65_535,
    identifierLimit: 64,
  }),
};

const sqlite: Variant = {
  dialect: "sqlite",
  oldest: [3, 37, 0],
  capabilities: (since) => ({
    ...COMMON,
    returning: since(3, 35, 0) ? EVERY : NONE,
    transactionalDdl: true,
    multipleConnections: false,
    advisoryLocks: false,
    forUpdate: false,
    skipLocked: false,
    rowValues: since(3, 15, 0),
    nullsOrder: since(3, 30, 0),
    nullsAscending: "first",
    booleans: false,
    upsert: "on conflict",
    merge: false,
    replace: true,
    lateralJoins: false,
    fullJoins: since(3, 39, 0),
    intersectAndExcept: true,
    parameterLimit: since(3, 32, 0) ? 32_766 : 999,
    // What it is built with, unless its builder says otherwise.
    compoundLimit: 500,
    expressionDepthLimit: 1_000,
    likePatternLimit: 50_000,
    identifierLimit: Infinity,
  }),
};

const cloudflare: Variant = {
  dialect: "sqlite",
  // It does not tell its version.
  oldest: [3, 44, 0],
  capabilities: (since) => ({
    ...sqlite.capabilities(since),
    parameterLimit: 100,
    compoundLimit: 5,
    expressionDepthLimit: 100,
    likePatternLimit: 50,
    exactIntegers: false,
    streams: false,
  }),
};

const VARIANTS: Readonly<Record<DialectVariant, Variant>> = {
  postgres,
  pglite: {
    dialect: "postgres",
    oldest: [17, 0, 0],
    capabilities: (since) => ({ ...postgres.capabilities(since), multipleConnections: false }),
  },
  "neon-http": {
    dialect: "postgres",
    oldest: [14, 0, 0],
    capabilities: (since) => ({
      ...postgres.capabilities(since),
      savepoints: false,
      interactiveTransactions: false,
      // What a session holds ends with the request.
      advisoryLocks: false,
      streams: false,
    }),
  },
  mysql,
  mariadb: {
    dialect: "mysql",
    oldest: [10, 6, 0],
    capabilities: (since) => ({
      ...mysql.capabilities(since),
      returning: { insert: since(10, 5, 0), update: false, delete: true },
      skipLocked: since(10, 6, 0),
      lateralJoins: false,
      intersectAndExcept: since(10, 3, 0),
    }),
  },
  sqlite,
  d1: {
    ...cloudflare,
    capabilities: (since) => ({
      ...cloudflare.capabilities(since),
      savepoints: false,
      interactiveTransactions: false,
      multipleConnections: true,
    }),
  },
  "durable-object": cloudflare,
  libsql: {
    dialect: "sqlite",
    oldest: [3, 45, 0],
    capabilities: (since) => ({ ...sqlite.capabilities(since), streams: false }),
  },
  mssql: {
    dialect: "mssql",
    oldest: [14, 0, 0],
    capabilities: () => ({
      ...COMMON,
      returning: NONE,
      transactionalDdl: true,
      multipleConnections: true,
      advisoryLocks: true,
      forUpdate: false,
      skipLocked: false,
      rowValues: false,
      nullsOrder: false,
      nullsAscending: "first",
      booleans: false,
      upsert: "merge",
      merge: true,
      replace: false,
      lateralJoins: false,
      fullJoins: true,
      intersectAndExcept: true,
      // 2100, of which the driver needs two to hand over the statement
      parameterLimit: 2_098,
      identifierLimit: 128,
    }),
  },
};
