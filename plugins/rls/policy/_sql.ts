import type { DialectName } from "@kysera/executor";
import { BinaryOperationNode, type OperationNode, OperatorNode, ValueNode } from "kysely";

/** A predicate that no row satisfies, on every dialect. */
export const NEVER: OperationNode = BinaryOperationNode.create(
  ValueNode.createImmediate(1),
  OperatorNode.create("="),
  ValueNode.createImmediate(0),
);

/**
 * A value as drivers take it.
 *
 * | value   | PostgreSQL | MySQL, SQL Server | SQLite                           |
 * | ------- | ---------- | ----------------- | -------------------------------- |
 * | boolean | as it is   | 1, 0              | 1, 0                             |
 * | Date    | as it is   | as it is          | text, `2026-01-31T12:00:00.000Z` |
 */
export function formatValue(value: unknown, dialect: DialectName): unknown {
  if (typeof value === "boolean" && dialect !== "postgres") return value ? 1 : 0;
  if (value instanceof Date && dialect === "sqlite") return value.toISOString();
  return value;
}
