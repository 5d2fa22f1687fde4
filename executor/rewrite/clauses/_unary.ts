import { type OperationNode, type OperatorNode, ParensNode, type UnaryOperationNode } from "kysely";

/**
 * A sign before an operand. Kysely writes `-` and the operand without a space, so that `-` before a
 * negative number would begin a comment, which cuts off whatever comes after it, predicates too.
 */
export function rewriteUnary(node: UnaryOperationNode): OperationNode {
  const { operator } = node.operator as Partial<OperatorNode>;
  if (operator !== "-" || SAFE.has(node.operand.kind)) return node;
  return Object.freeze(
    { ...node, operand: ParensNode.create(node.operand) } as UnaryOperationNode,
  );
}

/** Operands that never begin with a minus. */
const SAFE: ReadonlySet<string> = new Set([
  "AggregateFunctionNode",
  "ColumnNode",
  "FunctionNode",
  "ParensNode",
  "ReferenceNode",
]);
