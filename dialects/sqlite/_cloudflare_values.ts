import { BadRequestError } from "@kysera/core";
import type { CompiledQuery } from "kysely";
import { bindValues, type SqliteValue } from "./_bind.ts";
import type { Row } from "./_rows.ts";

/** How many parameters D1 and Durable Objects take in one statement. */
export const CLOUDFLARE_PARAMETERS = 100;

/** Beyond it a number is not an integer of SQLite: those have 64 bits. */
const INT64 = 2 ** 63;

/** What Cloudflare's runtime binds: it takes no bigints. */
export type CloudflareValue = Exclude<SqliteValue, bigint>;

/**
 * Returns the parameters of a query as Cloudflare's runtime binds them.
 *
 * @param query the query
 * @param database the name of the database, for messages
 * @throws {BadRequestError} if there are too many, or one that would be stored as another value
 */
export function bindForCloudflare(
  { parameters }: CompiledQuery,
  database: string,
): CloudflareValue[] {
  if (parameters.length > CLOUDFLARE_PARAMETERS) {
    throw new BadRequestError(
      `Cannot run the query: it has ${parameters.length} parameters, and ${database} takes ` +
        `${CLOUDFLARE_PARAMETERS} in one statement; write or read in parts, or pass a list as one ` +
        "JSON text and read it with json_each()",
    );
  }
  return bindValues(parameters, false).map((value, index) => {
    if (typeof value === "bigint") {
      if (value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER) {
        throw new BadRequestError(
          `Cannot bind parameter ${index + 1}: ${database} rounds integers beyond 2 ** 53; store ` +
            "such a value as text",
        );
      }
      return Number(value);
    }
    if (typeof value === "number" && !Number.isFinite(value)) {
      throw new BadRequestError(
        `Cannot bind parameter ${
          index + 1
        }: ${database} stores NULL for a number that is not finite`,
      );
    }
    return value;
  });
}

/**
 * Returns a plain object of a row.
 *
 * @throws {RangeError} if an integer may have been rounded
 */
export function rowOfCloudflare(
  columns: readonly unknown[],
  cells: readonly unknown[],
  database: string,
): Row {
  const row: Row = {};
  for (let c = 0; c < columns.length; c++) {
    const column = String(columns[c]);
    row[column] = valueOf(cells[c], column, database);
  }
  return row;
}

function valueOf(value: unknown, column: string, database: string): unknown {
  if (typeof value === "number") {
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) <= INT64) {
      throw new RangeError(
        `Cannot read column "${column}": ${database} may have rounded the integer, which is beyond ` +
          "2 ** 53; select it as text, by cast(.. as text)",
      );
    }
    return value;
  }
  // D1 gives bytes as an array of numbers.
  if (Array.isArray(value)) return Uint8Array.from(value);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : value;
}
