import type { Expression } from "../read/_change.ts";

/** Functions of PostgreSQL whose value a statement has once: a default of them is stored once. */
const STEADY: ReadonlySet<string> = new Set([
  "now",
  "current_timestamp",
  "current_date",
  "current_time",
  "localtime",
  "localtimestamp",
  "current_user",
  "session_user",
  "transaction_timestamp",
  "statement_timestamp",
  "current_setting",
  "timezone",
  "date_trunc",
  "to_timestamp",
  "make_interval",
  "make_date",
  "coalesce",
  "nullif",
  "greatest",
  "least",
  "lower",
  "upper",
  "concat",
  "md5",
  "length",
  "abs",
  "round",
  "jsonb_build_object",
  "jsonb_build_array",
  "json_build_object",
  "json_build_array",
  "to_json",
  "to_jsonb",
  "row",
  "array",
  "interval",
  "timestamp",
  "date",
  "cast",
]);

/** Whether a default may differ from row to row: it calls a function that is not known to be steady. */
export function mayBeVolatile({ calls }: Expression): boolean {
  return calls.some((name) => !STEADY.has(name));
}
