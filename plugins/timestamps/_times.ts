import type { DialectName } from "@kysera/executor";
import type { DateFormat } from "./options.ts";

/** Whether a value may be a time. */
export function isTimestamp(value: unknown): value is Date | string | number | bigint {
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return typeof value === "bigint" || Number.isFinite(value) ||
    (typeof value === "string" && value !== "");
}

/**
 * A time as drivers take it; what is not a date is left as it is.
 *
 * | format | PostgreSQL, SQL Server     | MySQL                     | SQLite                     |
 * | ------ | -------------------------- | ------------------------- | -------------------------- |
 * | date   | the date                   | the date                  | `2026-01-31T12:00:00.000Z` |
 * | iso    | `2026-01-31T12:00:00.000Z` | `2026-01-31 12:00:00.000` | `2026-01-31T12:00:00.000Z` |
 * | unix   | seconds                    | seconds                   | seconds                    |
 */
export function formatTime(time: unknown, format: DateFormat, dialect: DialectName): unknown {
  if (!(time instanceof Date)) return time;
  if (format === "unix") return Math.floor(time.getTime() / 1_000);
  if (format === "date" && dialect !== "sqlite") return time;
  const text = time.toISOString();
  return dialect === "mysql" ? text.slice(0, -1).replace("T", " ") : text;
}
