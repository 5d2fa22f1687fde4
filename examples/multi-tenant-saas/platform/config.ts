import { randomBytes } from "node:crypto";
import type { TenantStrategy } from "@kysera/infra/tenants";

/** What the program is told by its environment. */
export interface Config {
  /** The port that the server listens on. */
  readonly port: number;
  /** How new organisations are told apart; those that are there stay where they are. */
  readonly tenancy: TenantStrategy;
  /** A PostgreSQL server, or `pglite:` with a folder, or none for SQLite files. */
  readonly databaseUrl: string | undefined;
  /** The folder of the SQLite files. */
  readonly dataFolder: string;
  /** Signs session tokens (HMAC-SHA256). */
  readonly jwtSecret: string;
  /** How expensive it is to guess a password. */
  readonly scrypt: { readonly N: number; readonly r: number; readonly p: number };
  /** How many requests a member may send in a minute. */
  readonly requestsPerMinute: number;
  /** How many times a minute somebody may try to sign in to one account. */
  readonly loginsPerMinute: number;
  /** How long readiness says no before the server stops listening, in ms. */
  readonly drainMs: number;
}

/** The parameters that OWASP recommends where 32 MiB of memory are available. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 3 };

/**
 * Reads the configuration from environment variables.
 *
 * @throws {Error} if one of them makes no sense
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const secret = env["JWT_SECRET"];
  if (secret !== undefined && secret.length < 32) {
    throw new Error("Cannot start: JWT_SECRET must have at least 32 characters");
  }
  const tenancy = env["TENANCY"] ?? "row";
  if (tenancy !== "row" && tenancy !== "schema" && tenancy !== "database") {
    throw new Error('Cannot start: TENANCY must be "row", "schema" or "database"');
  }
  const databaseUrl = env["DATABASE_URL"] || undefined;
  if (tenancy === "schema" && databaseUrl === undefined) {
    throw new Error(
      "Cannot start: SQLite has no schemas; set DATABASE_URL to a PostgreSQL server, or to pglite:",
    );
  }
  if (tenancy === "database" && databaseUrl?.startsWith("pglite:")) {
    throw new Error("Cannot start: PGlite is one database; use SQLite, or a PostgreSQL server");
  }
  return {
    port: integer(env, "PORT", 3000, 65_535),
    tenancy,
    databaseUrl,
    dataFolder: env["DATA_FOLDER"] || "data",
    // Sessions then end when the process does.
    jwtSecret: secret ?? randomBytes(32).toString("hex"),
    scrypt: SCRYPT,
    requestsPerMinute: integer(env, "REQUESTS_PER_MINUTE", 600, 1_000_000),
    loginsPerMinute: integer(env, "LOGINS_PER_MINUTE", 10, 1_000_000),
    drainMs: integer(env, "DRAIN_MS", 5_000, 600_000),
  };
}

function integer(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  fallback: number,
  max: number,
): number {
  const value = Number(env[name] ?? fallback);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new Error(`Cannot start: ${name} must be a number from 0 to ${max}`);
}
