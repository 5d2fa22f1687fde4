import type { DialectName, HookContext } from "@kysera/executor";
import {
  type Expression,
  type ExpressionBuilder,
  type ExpressionWrapper,
  isOperationNodeSource,
  type SqlBool,
} from "kysely";
import { isMarkValue, isSameMark, type Settings } from "./_settings.ts";
import { SoftDeleteError } from "./errors.ts";
import type { MarkValue } from "./options.ts";

type Column = ExpressionWrapper<any, any, unknown>;

/** The rows that are not deleted. */
export function isVisible(
  column: Column,
  visible: MarkValue | null,
  dialect: DialectName,
  eb: ExpressionBuilder<any, any>,
): Expression<SqlBool> {
  return visible === null ? eb(column, "is", null) : eb(column, "=", operand(visible, dialect, eb));
}

/** All other rows, those included whose column is null although that says nothing. */
export function isDeleted(
  column: Column,
  visible: MarkValue | null,
  dialect: DialectName,
  eb: ExpressionBuilder<any, any>,
): Expression<SqlBool> {
  return visible === null
    ? eb(column, "is not", null)
    : eb.or([eb(column, "<>", operand(visible, dialect, eb)), eb(column, "is", null)]);
}

/** What the column of a deleted row is set to: a value, an expression, or a value read late. */
export function markOf(
  { deletedValue, visibleValue, now }: Settings,
  table: string,
  context: HookContext,
  at?: Date,
): unknown {
  const { dialect } = context;
  if (deletedValue !== undefined && typeof deletedValue !== "function") {
    return isOperationNodeSource(deletedValue)
      ? deletedValue
      : formatMark(deletedValue as MarkValue, dialect);
  }
  return context.value((attributes) => {
    const time = at ?? now();
    const mark = deletedValue === undefined
      ? time
      : deletedValue({ now: time, dialect, table, context: attributes });
    if (!isMarkValue(mark) || isSameMark(mark, visibleValue)) {
      throw new SoftDeleteError(
        `Cannot mark rows of "${table}" as deleted: ` +
          (deletedValue === undefined ? `"now"` : `"deletedValue"`) +
          ` returned ${String(mark)}, which does not say so`,
        "INVALID_DELETED_VALUE",
      );
    }
    return formatMark(mark, dialect);
  });
}

/**
 * A value as drivers take it.
 *
 * | value   | PostgreSQL | MySQL, SQL Server | SQLite                          |
 * | ------- | ---------- | ----------------- | ------------------------------- |
 * | boolean | as it is   | 1, 0              | 1, 0                            |
 * | Date    | as it is   | as it is          | text, `2026-01-31T12:00:00.000Z` |
 */
export function formatMark(value: MarkValue | null, dialect: DialectName): unknown {
  if (typeof value === "boolean" && dialect !== "postgres") return value ? 1 : 0;
  if (value instanceof Date && dialect === "sqlite") return value.toISOString();
  return value;
}

/** What the column is compared with; written out where that is safe, for the sake of partial indexes. */
function operand(
  value: MarkValue,
  dialect: DialectName,
  eb: ExpressionBuilder<any, any>,
): Expression<unknown> {
  const formatted = formatMark(value, dialect);
  return typeof formatted === "number" || typeof formatted === "boolean"
    ? eb.lit(formatted)
    : eb.val(formatted);
}
