import { BadRequestError } from "@kysera/core";
import { columnReference } from "@kysera/executor";
import type { AliasedExpression } from "kysely";

const RESERVED: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** More than any database has for names. */
const LONGEST = 255;

/** A name of any length, as a message shows it. */
export function shown(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}..` : name.replaceAll("\0", "\\0");
}

/** Refuses what is not a name of a column, or would not be one alone. @throws {BadRequestError} */
export function assertColumn(column: unknown, action: string): asserts column is string {
  if (typeof column !== "string" || column === "") {
    throw new BadRequestError(`Cannot ${action}: ${String(column)} is not a name of a column`);
  }
  if (column.length > LONGEST || column.includes("\0")) {
    throw new BadRequestError(
      `Cannot ${action}: "${
        shown(column)
      }" is not a name of a column: it is too long, or has a NUL`,
    );
  }
  if (RESERVED.has(column)) {
    throw new BadRequestError(
      `Cannot ${action}: "${column}" is a reserved name; remove it from the input`,
    );
  }
  if (column.includes(".")) {
    throw new BadRequestError(
      `Cannot ${action}: "${column}" is not a name of a column; give it without its table`,
    );
  }
}

/** A column in a select list by its exact name: Kysely would look for an alias in a text. */
export function selectedColumn(table: string, column: string): AliasedExpression<any, any> {
  const expression = columnReference(table, column);
  // No alias is written: the name of the column is the name of the result.
  return { expression, alias: column, toOperationNode: () => expression.toOperationNode() } as any;
}
