import {
  type BinaryOperationNode,
  type OperationNode,
  type OperatorNode,
  SelectionNode,
  SelectQueryNode,
} from "kysely";
import type { Guard } from "../_guard.ts";
import { guardedReference } from "./_reference.ts";
import type { Scope } from "./_scope.ts";
import { rewriteSelect } from "./_select.ts";
import { visit } from "./_visit.ts";

/**
 * A comparison: its operands are visited; and because SQLite reads `x in t` as
 * `x in (select * from t)`, a table after IN is made the subquery it stands for.
 *
 * @see https://www.sqlite.org/lang_expr.html#the_in_and_not_in_operators
 */
export function rewriteInOperand(
  node: BinaryOperationNode,
  scope: Scope | undefined,
  guard: Guard,
): OperationNode {
  const left = visit(node.leftOperand, scope, guard);
  const right = visit(node.rightOperand, scope, guard);
  const operator = visit(node.operator, scope, guard);
  const out = left === node.leftOperand && right === node.rightOperand &&
      operator === node.operator
    ? node
    : { ...node, leftOperand: left, operator, rightOperand: right } as BinaryOperationNode;
  if (guard.dialect !== "sqlite" || !isIn(out.operator)) return out;
  const reference = guardedReference(out.rightOperand, scope, guard);
  if (reference === undefined) return out;
  const select = SelectQueryNode.cloneWithSelections(
    SelectQueryNode.createFrom([reference.table]),
    [SelectionNode.createSelectAll()],
  );
  const rightOperand = rewriteSelect(select, scope, guard);
  return { ...out, rightOperand } as BinaryOperationNode;
}

function isIn(operator: OperationNode): boolean {
  if (operator.kind !== "OperatorNode") return false;
  const name = (operator as OperatorNode).operator;
  return name === "in" || name === "not in";
}
