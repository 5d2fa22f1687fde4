import type { DialectName } from "@kysera/executor";
import type {
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  OperationNode,
  OperatorNode,
  ParensNode,
  PrimitiveValueListNode,
  ReferenceNode,
  UnaryOperationNode,
  ValueListNode,
  ValueNode,
} from "kysely";
import { linkOf } from "../policy/_relation_sql.ts";
import { compareAsDatabase, type ComparedColumn, type Comparison, isSame } from "./_compare.ts";

/** What SQL says: `null` as the database has it, `undefined` where it cannot be told. */
export type SqlTruth = boolean | null | undefined;

/** The row that SQL is evaluated about. */
export interface EvaluatedRow {
  readonly dialect: DialectName;
  /** Returns the value of a column; `undefined` where it is not known. */
  value(column: string): unknown;
  /** Returns what the catalog says of a column. */
  column(column: string): ComparedColumn;
}

/**
 * Evaluates SQL that a policy has built of columns and values, as the database would:
 *
 * | SQL                                         | evaluated |
 * | ------------------------------------------- | --------- |
 * | `and`, `or`, `not`, parentheses             | yes       |
 * | `=`, `<>`, `<`, .., `in`, `between`         | yes       |
 * | `is null`, `is true`, `is distinct from`    | yes       |
 * | a boolean column or value by itself         | yes       |
 * | a related row, where the column is NULL     | no row is |
 * | a subquery, a function, raw SQL, `like`     | no        |
 */
export function evaluate(node: OperationNode, row: EvaluatedRow): SqlTruth {
  switch (node.kind) {
    case "ParensNode":
      return evaluate((node as ParensNode).node, row);
    case "AndNode":
      return both(evaluate((node as AndNode).left, row), evaluate((node as AndNode).right, row));
    case "OrNode": {
      // The shape is that of AND.
      const { left, right } = node as unknown as AndNode;
      return not(both(not(evaluate(left, row)), not(evaluate(right, row))));
    }
    case "UnaryOperationNode": {
      const { operator, operand } = node as UnaryOperationNode;
      if (nameOf(operator) === "exists") return existsRelated(operand, row);
      return nameOf(operator) === "not" ? not(evaluate(operand, row)) : undefined;
    }
    case "BinaryOperationNode":
      return operation(node as BinaryOperationNode, row);
    default:
      return truthOf(operandOf(node, row), row);
  }
}

/** NULL is equal to nothing: a row that leads nowhere has no related row. */
function existsRelated(query: OperationNode, row: EvaluatedRow): SqlTruth {
  const link = linkOf(query);
  return link !== undefined && row.value(link) === null ? false : undefined;
}

interface Operand {
  readonly value: unknown;
  /** The column that it is of; `undefined` of a value. */
  readonly column: string | undefined;
}

function operandOf(node: OperationNode, row: EvaluatedRow): Operand | undefined {
  switch (node.kind) {
    case "ParensNode":
      return operandOf((node as ParensNode).node, row);
    case "ValueNode":
      return { value: (node as ValueNode).value, column: undefined };
    case "ReferenceNode": {
      const { table, column } = node as ReferenceNode;
      return table === undefined ? operandOf(column, row) : undefined;
    }
    case "ColumnNode": {
      const { name } = (node as ColumnNode).column;
      const value = row.value(name);
      return value === undefined ? undefined : { value, column: name };
    }
    default:
      return undefined;
  }
}

/** A value where a condition stands. */
function truthOf(operand: Operand | undefined, { dialect }: EvaluatedRow): SqlTruth {
  if (operand === undefined) return undefined;
  const { value } = operand;
  if (value === null || typeof value === "boolean") return value;
  const isNumber = typeof value === "number" || typeof value === "bigint";
  return isNumber && dialect !== "postgres" ? Number(value) !== 0 : undefined;
}

function operation(node: BinaryOperationNode, row: EvaluatedRow): SqlTruth {
  const operator = nameOf(node.operator);
  const left = operandOf(node.leftOperand, row);
  if (left === undefined) return undefined;
  const { rightOperand } = node;
  switch (operator) {
    case "in":
      return isIn(left, rightOperand, row);
    case "not in":
      return not(isIn(left, rightOperand, row));
    case "between": {
      if (rightOperand.kind !== "AndNode") return undefined;
      const { left: low, right: high } = rightOperand as AndNode;
      return both(
        compared(left, ">=", operandOf(low, row), row),
        compared(left, "<=", operandOf(high, row), row),
      );
    }
    default:
      return compared(left, operator, operandOf(rightOperand, row), row);
  }
}

function isIn(left: Operand, list: OperationNode, row: EvaluatedRow): SqlTruth {
  const items = list.kind === "PrimitiveValueListNode"
    ? (list as PrimitiveValueListNode).values.map((value) => ({ value, column: undefined }))
    : list.kind === "ValueListNode"
    ? (list as ValueListNode).values.map((item) => operandOf(item, row))
    : undefined;
  if (items === undefined || items.length === 0) return undefined;
  // One that is equal is enough.
  return not(
    items.map((item) => not(compared(left, "=", item, row)))
      .reduce<SqlTruth>((all, each) => both(all, each), true),
  );
}

function compared(
  left: Operand,
  operator: string,
  right: Operand | undefined,
  row: EvaluatedRow,
): SqlTruth {
  if (right === undefined) return undefined;
  const [a, b] = [left.value, right.value];
  switch (operator) {
    case "is":
    case "is not distinct from":
      return isAlike(left, right, row);
    case "is not":
    case "is distinct from":
      return not(isAlike(left, right, row));
  }
  if (a === null || b === null) return null;
  const comparison = comparisonOf(left, right, row);
  switch (operator) {
    case "=":
    case "==":
      return isSame(comparison);
    case "!=":
    case "<>":
      return not(isSame(comparison));
  }
  if (typeof comparison !== "number") return undefined;
  switch (operator) {
    case "<":
      return comparison < 0;
    case "<=":
      return comparison <= 0;
    case ">":
      return comparison > 0;
    case ">=":
      return comparison >= 0;
    default:
      return undefined;
  }
}

/** `IS`, which takes NULL for a value. */
function isAlike(left: Operand, right: Operand, row: EvaluatedRow): SqlTruth {
  if (left.value === null || right.value === null) return left.value === right.value;
  return isSame(comparisonOf(left, right, row));
}

function comparisonOf(left: Operand, right: Operand, row: EvaluatedRow): Comparison {
  const [a, b] = [left, right].map(({ column }) =>
    column === undefined ? undefined : row.column(column)
  );
  // Of two columns of different types who knows which one is converted.
  if (a !== undefined && b !== undefined) {
    if (a.type === undefined || a.type !== b.type || a.collation !== b.collation) return undefined;
  }
  return compareAsDatabase(left.value, right.value, a ?? b ?? {}, row.dialect);
}

function nameOf(node: OperationNode): string {
  return node.kind === "OperatorNode" ? (node as OperatorNode).operator.toLowerCase() : "";
}

function both(a: SqlTruth, b: SqlTruth): SqlTruth {
  if (a === false || b === false) return false;
  if (a === undefined || b === undefined) return undefined;
  return a === null || b === null ? null : true;
}

function not(truth: SqlTruth): SqlTruth {
  return typeof truth === "boolean" ? !truth : truth;
}
