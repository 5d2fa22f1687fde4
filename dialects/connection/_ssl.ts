import type { DatabaseDialect } from "../database_dialect.ts";

/** The query parameter for encryption, and its values for yes and no. */
export const SSL_OPTION: Readonly<
  Record<DatabaseDialect, readonly [name: string, on: string, off: string] | undefined>
> = {
  postgres: ["sslmode", "require", "disable"],
  mysql: ["ssl-mode", "REQUIRED", "DISABLED"],
  mssql: ["encrypt", "true", "false"],
  sqlite: undefined,
};

const NAMES = new Set(["ssl", "sslmode", "ssl-mode", "encrypt"]);
const ON = new Set([
  "true",
  "1",
  "require",
  "required",
  "verify-ca",
  "verify-full",
  "verify_ca",
  "verify_identity",
  "strict",
]);
const OFF = new Set(["false", "0", "disable", "disabled"]);

/**
 * Whether the options ask for encryption, refuse it, or leave it open (as `sslmode=prefer` does).
 *
 * @throws {TypeError} If one asks for it and another refuses it.
 */
export function sslOf(
  action: string,
  options: Readonly<Record<string, string>>,
): boolean | undefined {
  let ssl: boolean | undefined;
  for (const [name, value] of Object.entries(options)) {
    if (!NAMES.has(name)) continue;
    const word = value.toLowerCase();
    const asked = ON.has(word) ? true : OFF.has(word) ? false : undefined;
    if (asked === undefined) continue;
    if (ssl !== undefined && ssl !== asked) {
      throw new TypeError(`${action}: its options both ask for encryption and refuse it`);
    }
    ssl = asked;
  }
  return ssl;
}
