import { randomBytes } from "node:crypto";

/** What the program is told by its environment. */
export interface Config {
  /** The port that the server listens on. */
  readonly port: number;
  /** A PostgreSQL or MariaDB database; without one, the SQLite file is used. */
  readonly databaseUrl: string | undefined;
  /** The SQLite file, or `:memory:`. */
  readonly sqliteFile: string;
  /** Signs session tokens (HMAC-SHA256). */
  readonly jwtSecret: string;
  /** How expensive it is to guess a password. */
  readonly scrypt: { readonly N: number; readonly r: number; readonly p: number };
}

/** The parameters that OWASP recommends where 32 MiB of memory are available. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 3 };

/**
 * Reads the configuration from environment variables.
 *
 * @throws {Error} if `PORT` is not a port, or `JWT_SECRET` is too short to sign with
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const port = Number(env["PORT"] ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error("Cannot start: PORT must be a number from 0 to 65535");
  }
  const secret = env["JWT_SECRET"];
  if (secret !== undefined && secret.length < 32) {
    throw new Error("Cannot start: JWT_SECRET must have at least 32 characters");
  }
  return {
    port,
    databaseUrl: env["DATABASE_URL"] || undefined,
    sqliteFile: env["SQLITE_FILE"] || "blog.sqlite",
    // Sessions then end when the process does.
    jwtSecret: secret ?? randomBytes(32).toString("hex"),
    scrypt: SCRYPT,
  };
}
