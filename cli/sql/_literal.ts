import type { Dialect } from "@kysera/core";
import { failure } from "../contract/_cli_error.ts";

/** How a dialect writes values. */
interface LiteralTraits {
  text(value: string): string;
  bytes(hex: string): string;
  boolean(value: boolean): string;
  date(value: Date): string;
}

const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;

const TRAITS: Readonly<Record<Dialect, LiteralTraits>> = {
  postgres: {
    text: quoted,
    bytes: (hex) => `'\\x${hex}'::bytea`,
    boolean: String,
    date: (value) => `'${value.toISOString()}'`,
  },
  mysql: {
    // A backslash begins an escape there, unless the session says otherwise.
    text: (value) => quoted(value.replaceAll("\\", "\\\\")),
    bytes: (hex) => `x'${hex}'`,
    boolean: String,
    date: (value) => `'${value.toISOString().replace("T", " ").replace("Z", "")}'`,
  },
  sqlite: {
    text: quoted,
    bytes: (hex) => `x'${hex}'`,
    boolean: (value) => value ? "1" : "0",
    date: (value) => `'${value.toISOString()}'`,
  },
  mssql: {
    text: (value) => `N${quoted(value)}`,
    bytes: (hex) => `0x${hex}`,
    boolean: (value) => value ? "1" : "0",
    date: (value) => `'${value.toISOString()}'`,
  },
};

/**
 * Writes a value as SQL, for scripts that a person reads and runs. Queries of this program bind their
 * values instead.
 *
 * @throws {CliError} if the value cannot be written
 */
export function literal(value: unknown, dialect: Dialect): string {
  const traits = TRAITS[dialect];
  switch (typeof value) {
    case "string":
      if (value.includes("\0")) break;
      return traits.text(value);
    case "number":
      if (!Number.isFinite(value)) break;
      return String(value);
    case "bigint":
      return String(value);
    case "boolean":
      return traits.boolean(value);
    case "undefined":
      return "null";
    case "object":
      if (value === null) return "null";
      if (value instanceof Date) return traits.date(value);
      if (value instanceof Uint8Array) return traits.bytes(hexOf(value));
      if (!Array.isArray(value)) return traits.text(JSON.stringify(value));
  }
  throw failure("Cannot write a value as SQL: it is an array, or of a kind that has no literal", {
    hint: "Write it as JSON in the migration, or run the migration itself.",
  });
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
