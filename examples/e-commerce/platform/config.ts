import { randomBytes } from "node:crypto";

/** The ways to sell stock: `features/stock` has a file for each. */
export const CHECKOUTS = [
  "batch",
  "conditional-update",
  "row-lock",
  "version-column",
  "serializable",
] as const;

/** A way to sell stock. */
export type CheckoutName = typeof CHECKOUTS[number];

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
  /** How stock is sold. */
  readonly checkout: CheckoutName;
  /** Where the payment provider is; without one, a fake one runs in this process. */
  readonly paymentsUrl: string | undefined;
  /** Signs what the payment provider reports (HMAC-SHA256). */
  readonly webhookSecret: string;
  /** How long a call of the payment provider may take, in ms. */
  readonly paymentTimeout: number;
  /** How long a message belongs to the worker that has begun to deliver it, in ms. */
  readonly outboxLease: number;
}

/** The parameters that OWASP recommends where 32 MiB of memory are available. */
const SCRYPT = { N: 2 ** 15, r: 8, p: 3 };

/**
 * Reads the configuration from environment variables.
 *
 * @throws {Error} if one of them has a value that makes no sense
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const checkout = env["CHECKOUT"] || "batch";
  if (!isCheckout(checkout)) {
    throw new Error(`Cannot start: CHECKOUT must be one of ${CHECKOUTS.join(", ")}`);
  }
  return {
    port: wholeNumber(env, "PORT", 3000, 65_535),
    databaseUrl: env["DATABASE_URL"] || undefined,
    sqliteFile: env["SQLITE_FILE"] || "shop.sqlite",
    jwtSecret: secret(env, "JWT_SECRET"),
    scrypt: SCRYPT,
    checkout,
    paymentsUrl: env["PAYMENTS_URL"] || undefined,
    webhookSecret: secret(env, "WEBHOOK_SECRET"),
    paymentTimeout: wholeNumber(env, "PAYMENT_TIMEOUT_MS", 2_000, 60_000),
    outboxLease: wholeNumber(env, "OUTBOX_LEASE_MS", 10_000, 3_600_000),
  };
}

function isCheckout(name: string): name is CheckoutName {
  return (CHECKOUTS as readonly string[]).includes(name);
}

function wholeNumber(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
  otherwise: number,
  max: number,
): number {
  const number = Number(env[name] ?? otherwise);
  if (!Number.isInteger(number) || number < 0 || number > max) {
    throw new Error(`Cannot start: ${name} must be a number from 0 to ${max}`);
  }
  return number;
}

/** Without the variable, what was signed is worth nothing after the process has ended. */
function secret(env: Readonly<Record<string, string | undefined>>, name: string): string {
  const text = env[name];
  if (text !== undefined && text.length < 32) {
    throw new Error(`Cannot start: ${name} must have at least 32 characters`);
  }
  return text ?? randomBytes(32).toString("hex");
}
