import type { OperationNode } from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import type { Dialect } from "../dialect.ts";
import type { Layout } from "./_layout.ts";
import { mysqlTypes } from "./_types_mysql.ts";
import { postgresValues } from "./_values_postgres.ts";
import { sqliteValues } from "./_values_sqlite.ts";

/** A value in a cursor: what kind it is of, and its exact text; `null` for NULL. */
export type CursorValue = readonly [kind: string, text: string | null] | null;

/** A value that is not NULL. */
export type KeptValue = readonly [kind: string, text: string];

/**
 * How a database gives the values of a key to cursors and takes them back. What a driver makes of a
 * value may have lost something (a `Date` has no microseconds, a number no digits beyond the 16th),
 * so the database itself writes it as text.
 */
export interface KeyType {
  /** What rows are ordered by, and compared by, in place of the key; the key itself if there is none. */
  order?(key: OperationNode): OperationNode;
  /**
   * What to select beside a row to keep the value of a key, by the ends of the columns' names.
   *
   * @param key what {@linkcode KeyType.order} made of the key
   */
  select(key: OperationNode): Readonly<Record<string, OperationNode>>;
  /** The value, from what was selected. */
  read(selected: Readonly<Record<string, unknown>>): CursorValue;
  /** What the SQL of the operand for a value depends on, besides its parameter. */
  form(value: KeptValue): string;
  /** The parameter that a value is sent as. */
  parameter(value: KeptValue): unknown;
  /**
   * The operand that compares as the key's own values do.
   *
   * @param parameter the node of the parameter
   */
  operand(form: string, parameter: OperationNode): OperationNode;
  /**
   * The value, from what the driver made of the key itself; `undefined` if something may have been
   * lost in it.
   */
  direct?(value: unknown): CursorValue | undefined;
}

/** What the types of keys are found by. */
export interface TypeSearch {
  readonly dialect: Dialect;
  /** The query, laid out. */
  readonly layout: Layout;
  /** The values of a cursor, which tell the types as well. */
  readonly values: readonly CursorValue[] | undefined;
  /** Runs another query in place of the one that is laid out. */
  run(node: Layout["query"]): Promise<readonly Record<string, unknown>[]>;
}

/**
 * Returns the type of each key of a layout.
 *
 * @throws {BadRequestError} if the dialect has no pages by cursor, or one of the keys no exact values
 */
export async function typesOf(search: TypeSearch): Promise<readonly KeyType[]> {
  switch (search.dialect) {
    case "postgres":
      return search.layout.keys.map(() => postgresValues);
    case "mysql":
      return await mysqlTypes(search);
    case "sqlite":
      return search.layout.keys.map(() => sqliteValues);
    case "mssql":
      throw new BadRequestError(
        "Cannot paginate by cursor on SQL Server; use numbered pages with paginate()",
      );
  }
}
