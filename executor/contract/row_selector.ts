/**
 * How the functions are told which rows they are to change.
 *
 * @module
 */
import type { Expression, ExpressionBuilder, Selectable, SqlBool } from "kysely";

/**
 * The key of a row: its value, where the key is one column, or an object of the key's columns. The
 * value has the type of the table's `id`; where there is none, any value that may be a key.
 */
export type RowKey<DB, T extends keyof DB> =
  | ("id" extends keyof Selectable<DB[T]> ? Selectable<DB[T]>["id"]
    : string | number | bigint | Date | Uint8Array)
  | { readonly [C in keyof Selectable<DB[T]>]?: Selectable<DB[T]>[C] };

/** The rows to change: by one key, by several, or by a condition. */
export type RowSelector<DB, T extends keyof DB> =
  | RowKey<DB, T>
  | readonly RowKey<DB, T>[]
  | ((eb: ExpressionBuilder<DB, T>) => Expression<SqlBool>);
