import {
  type BinaryOperationNode,
  IdentifierNode,
  type OperationNode,
  type OperatorNode,
  type RawNode,
  SelectionNode,
  SelectQueryNode,
  type ValueNode,
} from "kysely";
import type { Pass } from "../_pass.ts";
import { QueryRefusedError } from "../../contract/errors.ts";
import { textOf } from "../../tree/_raw_text.ts";
import { guardedReference } from "../_reference.ts";
import { refuseTableCall } from "./_sources.ts";

/**
 * A comparison: its operands are visited; and because SQLite reads `x in t` as
 * `x in (select * from t)`, a table after IN is made the subquery it stands for.
 *
 * @see https://www.sqlite.org/lang_expr.html#the_in_and_not_in_operators
 */
export function rewriteInOperand(
  node: BinaryOperationNode,
  pass: Pass,
): OperationNode {
  pass.rules.parts.raw?.refuseOpenJoint(node.operator, pass);
  const left = pass.visit(node.leftOperand);
  const right = pass.visit(node.rightOperand);
  const operator = isIn(node.operator) ? node.operator : pass.visit(node.operator);
  const out = left === node.leftOperand && right === node.rightOperand &&
      operator === node.operator
    ? node
    : Object.freeze(
      { ...node, leftOperand: left, operator, rightOperand: right } as BinaryOperationNode,
    );
  if (!pass.rules.traits.sources.inTakesTable) return out;
  if (!isIn(out.operator)) {
    if (out.operator.kind === "RawNode") refuseTable(out, pass);
    return out;
  }
  refuseOperation(out.rightOperand);
  refuseTableCall(out.rightOperand, pass);
  if (isCall(out.rightOperand)) pass.rules.parts.raw?.refuseOpaque(out.rightOperand, pass);
  const reference = guardedReference(nameAfterIn(out.rightOperand), pass);
  if (reference === undefined) return out;
  const select = SelectQueryNode.cloneWithSelections(
    SelectQueryNode.createFrom([reference.table]),
    [SelectionNode.createSelectAll()],
  );
  const rightOperand = pass.visit(select);
  return Object.freeze({ ...out, rightOperand } as BinaryOperationNode);
}

/** What may stand behind IN: a list, a query, or what is ruled as the name of a table. */
const OPERANDS: ReadonlySet<string> = new Set([
  "AggregateFunctionNode",
  "ColumnNode",
  "FunctionNode",
  "IdentifierNode",
  "ParensNode",
  "PrimitiveValueListNode",
  "RawNode",
  "ReferenceNode",
  "SchemableIdentifierNode",
  "SelectQueryNode",
  "TableNode",
  "TupleNode",
  "ValueListNode",
  "ValueNode",
]);

/** `x in t is true` reads the table t: an operation behind IN may begin with the name of one. */
function refuseOperation({ kind }: OperationNode): void {
  if (OPERANDS.has(kind)) return;
  throw new QueryRefusedError(
    "Cannot filter a query with an operation behind IN; put a list or a query there",
    "UNSUPPORTED",
  );
}

/** A raw operator may end in IN, whatever else it says. */
function refuseTable({ operator, rightOperand: operand }: BinaryOperationNode, pass: Pass): void {
  if (/\bin\s*$/i.test(textOf(operator as RawNode))) refuseOperation(operand);
  if (guardedReference(nameAfterIn(operand), pass) === undefined) return;
  throw new QueryRefusedError(
    "Cannot filter a query with a raw operator before the name of a table; use the operator's name",
    "UNSUPPORTED",
  );
}

function isCall({ kind }: OperationNode): boolean {
  return kind === "FunctionNode" || kind === "AggregateFunctionNode";
}

function isIn(operator: OperationNode): boolean {
  const text = operator.kind === "OperatorNode"
    ? (operator as OperatorNode).operator
    : operator.kind === "RawNode"
    ? textOf(operator as RawNode).trim().replace(/\s+/g, " ").toLowerCase()
    : "";
  return text === "in" || text === "not in";
}

/** SQLite takes even a string for the name of a table here, where it stands in the SQL itself. */
function nameAfterIn(operand: OperationNode): OperationNode {
  let node = operand;
  while (node.kind === "RawNode") {
    const { sqlFragments, parameters } = node as RawNode;
    const text = sqlFragments.join("").trim();
    if (parameters.length === 0 && /^'(?:[^']|'')*'$/.test(text)) {
      return IdentifierNode.create(text.slice(1, -1).replaceAll("''", "'"));
    }
    if (parameters.length !== 1 || text !== "") return node;
    node = parameters[0]!;
  }
  const { immediate, value } = node as ValueNode;
  return node.kind === "ValueNode" && immediate === true && typeof value === "string"
    ? IdentifierNode.create(value)
    : node;
}
