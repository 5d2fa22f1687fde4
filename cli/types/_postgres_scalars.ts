import type { SchemaType } from "@kysera/migrations/schema";
import type { NamedScalars } from "./_scalars.ts";

const JSON_TYPES: NamedScalars = {
  // Written as text, so that an array is not taken for one of PostgreSQL.
  Json: "ColumnType<JsonValue, string, string>",
  JsonValue: "boolean | number | string | null | JsonValue[] | { [key: string]: JsonValue }",
};

/** What `pg` returns. */
export const POSTGRES_SCALARS: NamedScalars = {
  ...JSON_TYPES,
  Int8: "ColumnType<string, bigint | number | string, bigint | number | string>",
  Interval: `ColumnType<
  IntervalValue,
  IntervalValue | number | string,
  IntervalValue | number | string
>`,
  IntervalValue: `{
  years?: number;
  months?: number;
  days?: number;
  hours?: number;
  minutes?: number;
  seconds?: number;
  milliseconds?: number;
}`,
  // The driver parses them, and writes an object as JSON, which they are not.
  Point: "ColumnType<{ x: number; y: number }, string, string>",
  Circle: "ColumnType<{ x: number; y: number; radius: number }, string, string>",
};

/** What PGlite returns where that is something else. */
export const PGLITE_SCALARS: NamedScalars = {
  ...JSON_TYPES,
  Int8: "ColumnType<bigint | number, bigint | number | string, bigint | number | string>",
  Interval: "string",
  Point: "string",
  Circle: "string",
};

const TYPES: Readonly<Record<string, string>> = {
  bool: "boolean",
  bytea: "Uint8Array",
  circle: "Circle",
  date: "Timestamp",
  float4: "number",
  float8: "number",
  int2: "number",
  int4: "number",
  int8: "Int8",
  interval: "Interval",
  json: "Json",
  jsonb: "Json",
  numeric: "Numeric",
  oid: "number",
  point: "Point",
  timestamp: "Timestamp",
  timestamptz: "Timestamp",
};

/** Returns the type of a column; drivers return what they do not know as text. */
export function postgresScalar({ kind, name }: SchemaType): string {
  return kind === "base" && Object.hasOwn(TYPES, name) ? TYPES[name]! : "string";
}
