import { AndNode, type FunctionNode, type OperationNode, ParensNode, WhereNode } from "kysely";
import { isPlainFunction } from "./_plain_function.ts";

/**
 * Joins a predicate to a condition with AND, so that the condition keeps its meaning.
 *
 * @param condition what is there
 * @param predicate what comes to it; it is safe as it stands (see {@linkcode operandOfAnd})
 */
export function and(condition: OperationNode | undefined, predicate: OperationNode): OperationNode {
  return condition === undefined ? predicate : AndNode.create(operandOfAnd(condition), predicate);
}

/** Adds a predicate to a WHERE clause. */
export function andWhere(where: WhereNode | undefined, predicate: OperationNode): WhereNode {
  return WhereNode.create(and(where?.where, predicate));
}

/** The condition, in parentheses unless everything in it binds tighter than AND. */
export function operandOfAnd(condition: OperationNode): OperationNode {
  return bindsTighterThanAnd(condition) ? condition : ParensNode.create(condition);
}

/**
 * Whether a node keeps its meaning when `and ..` is written behind it. A raw fragment never does:
 * it may hold an OR that no node shows.
 */
function bindsTighterThanAnd(node: OperationNode): boolean {
  switch (node.kind) {
    case "AndNode": {
      const { left, right } = node as AndNode;
      return bindsTighterThanAnd(left) && bindsTighterThanAnd(right);
    }
    case "BinaryOperationNode": {
      const { leftOperand, rightOperand, operator } = node as OperationNode & {
        leftOperand: OperationNode;
        operator: OperationNode;
        rightOperand: OperationNode;
      };
      return operator.kind === "OperatorNode" && bindsTighterThanAnd(leftOperand) &&
        bindsTighterThanAnd(rightOperand);
    }
    case "UnaryOperationNode": {
      const { operator, operand } = node as OperationNode & {
        operator: OperationNode;
        operand: OperationNode;
      };
      return operator.kind === "OperatorNode" && bindsTighterThanAnd(operand);
    }
    case "FunctionNode":
      // Kysely writes the name as it is given: it may be SQL of its own.
      return isPlainFunction((node as FunctionNode).func);
    default:
      return CLOSED.has(node.kind);
  }
}

/** Nodes whose SQL is one operand: a name, a value, or something between its own brackets. */
const CLOSED: ReadonlySet<string> = new Set([
  "ReferenceNode",
  "ColumnNode",
  "ValueNode",
  "ValueListNode",
  "PrimitiveValueListNode",
  "TupleNode",
  "ParensNode",
  "SelectQueryNode",
  "CastNode",
  "CaseNode",
]);
