import type { SchemaType } from "@kysera/migrations/schema";
import type { NamedScalars } from "./_scalars.ts";

/** What `mysql2` returns. */
export const MYSQL_SCALARS: NamedScalars = {
  Json: "ColumnType<JsonValue, string, string>",
  JsonValue: "boolean | number | string | null | JsonValue[] | { [key: string]: JsonValue }",
  Geometry: "{ x: number; y: number } | Geometry[]",
};

const TYPES: Readonly<Record<string, string>> = {
  bigint: "number",
  binary: "Uint8Array",
  bit: "Uint8Array",
  blob: "Uint8Array",
  date: "Timestamp",
  datetime: "Timestamp",
  decimal: "Numeric",
  double: "number",
  float: "number",
  int: "number",
  integer: "number",
  longblob: "Uint8Array",
  mediumblob: "Uint8Array",
  mediumint: "number",
  numeric: "Numeric",
  smallint: "number",
  timestamp: "Timestamp",
  tinyblob: "Uint8Array",
  tinyint: "number",
  varbinary: "Uint8Array",
  year: "number",
};

const GEOMETRY = [
  ...["geometry", "point", "linestring", "polygon", "multipoint", "multilinestring"],
  ...["multipolygon", "geometrycollection"],
];

/** Returns the type of a column. JSON of MariaDB is text, which its driver does not parse. */
export function mysqlScalar({ kind, name, values }: SchemaType, isMariadb: boolean): string {
  if (kind === "enum" && values.length > 0) {
    return values.map((value) => JSON.stringify(value)).join(" | ");
  }
  if (name === "json") return isMariadb ? "string" : "Json";
  if (GEOMETRY.includes(name)) return "Geometry";
  return Object.hasOwn(TYPES, name) ? TYPES[name]! : "string";
}
