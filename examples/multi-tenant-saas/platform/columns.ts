import { detectDialect } from "@kysera/core";
import { type ColumnDefinitionBuilder, type Expression, type Kysely, sql } from "kysely";

type ColumnType = "text" | "integer" | Expression<unknown>;

/** Columns that the migrations need. */
export interface Columns {
  /** A UUID, as text. */
  readonly id: ColumnType;
  /** A short text. */
  readonly short: ColumnType;
  /** A time with milliseconds. */
  readonly time: ColumnType;
  readonly required: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
}

/** Returns the columns for the dialect of a database. */
export function columnsOf(db: Kysely<any>): Columns {
  return {
    id: sql`varchar(36)`,
    short: sql`varchar(255)`,
    time: detectDialect(db) === "postgres" ? sql`timestamptz(3)` : "text",
    required: (column) => column.notNull(),
  };
}
