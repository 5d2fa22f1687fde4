import type { OperationNode } from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import type { Dialect } from "../dialect.ts";
import { mysqlValues } from "./_values_mysql.ts";
import { postgresValues } from "./_values_postgres.ts";
import { sqliteValues } from "./_values_sqlite.ts";

/** A value in a cursor: what kind it is of, and its exact text; `null` for NULL. */
export type CursorValue = readonly [kind: string, text: string] | null;

/**
 * How a database gives values to cursors and takes them back. What a driver makes of a value may
 * have lost something (a `Date` has no microseconds, a number no digits beyond the 16th), so the
 * database itself writes it as text.
 */
export interface Values {
  /** What to select beside a row to keep the value of a key, by the ends of the columns' names. */
  select(key: OperationNode): Readonly<Record<string, OperationNode>>;
  /** The value, from what was selected. */
  read(selected: Readonly<Record<string, unknown>>): CursorValue;
  /** The value as an operand that compares as the key's own values do. */
  bind(value: readonly [kind: string, text: string]): OperationNode;
}

/** How a dialect does it. */
export function valuesOf(dialect: Dialect): Values {
  switch (dialect) {
    case "postgres":
      return postgresValues;
    case "mysql":
      return mysqlValues;
    case "sqlite":
      return sqliteValues;
    case "mssql":
      throw new BadRequestError(
        "Cannot paginate by cursor on SQL Server; use numbered pages with paginate()",
      );
  }
}
