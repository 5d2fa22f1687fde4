import type { SchemaSnapshot, SchemaType } from "@kysera/migrations/schema";
import { MYSQL_SCALARS, mysqlScalar } from "./_mysql_scalars.ts";
import { PGLITE_SCALARS, POSTGRES_SCALARS, postgresScalar } from "./_postgres_scalars.ts";
import { SQLITE_SCALARS, sqliteScalar } from "./_sqlite_scalars.ts";

/** How values of some types are to be typed, where a driver can be told to parse them otherwise. */
export interface ScalarOptions {
  /** What the driver makes of dates and times. */
  readonly dateParser: "timestamp" | "string";
  /** What the driver makes of `numeric`. */
  readonly numericParser: "string" | "number" | "number-or-string";
  /** Whether the driver is PGlite. */
  readonly isPglite: boolean;
}

/** Types that the file declares once and columns name, by those names. */
export type NamedScalars = Readonly<Record<string, string>>;

/** How the columns of a dialect are typed. */
export interface ScalarTraits {
  /** The types that {@linkcode ScalarTraits.typeOf} may name. */
  readonly named: NamedScalars;
  /** Returns the type of what is stored in a column; arrays and enumerations of others left out. */
  typeOf(type: SchemaType): string;
}

/** Returns how the columns of a snapshot are typed. */
export function scalarsOf(
  { dialect, server }: Pick<SchemaSnapshot, "dialect" | "server">,
  options: ScalarOptions,
): ScalarTraits {
  const special: NamedScalars = {
    Timestamp: options.dateParser === "string"
      ? "ColumnType<string, Date | string, Date | string>"
      : "ColumnType<Date, Date | string, Date | string>",
    Numeric: {
      "string": "ColumnType<string, number | string, number | string>",
      "number": "ColumnType<number, number | string, number | string>",
      "number-or-string": "ColumnType<number | string, number | string, number | string>",
    }[options.numericParser],
  };
  switch (dialect) {
    case "postgres":
      return {
        named: { ...special, ...options.isPglite ? PGLITE_SCALARS : POSTGRES_SCALARS },
        typeOf: postgresScalar,
      };
    case "mysql":
      return {
        named: { ...special, ...MYSQL_SCALARS },
        typeOf: (type) => mysqlScalar(type, server.name === "MariaDB"),
      };
    case "sqlite":
      return { named: SQLITE_SCALARS, typeOf: sqliteScalar };
  }
}
