import type { DialectName } from "@kysera/executor";
import {
  AndNode,
  BinaryOperationNode,
  type Expression,
  type ExpressionBuilder,
  expressionBuilder,
  type ExpressionWrapper,
  type OperationNode,
  OperatorNode,
  OrNode,
  ParensNode,
  UnaryOperationNode,
  ValueListNode,
  ValueNode,
} from "kysely";
import { formatValue, NEVER } from "../policy/_sql.ts";
import { type Formula, type Leaf, leavesOf } from "./_algebra.ts";
import type { ColumnTerm } from "./_verdict.ts";
import { withOperands } from "./_shape.ts";

/** Formulas as SQL: its form is the same for all callers that the same policies apply to. */
export interface Form {
  /** What the SQL depends on, except its values. */
  readonly key: string;
  /** The values, in the order of the operands. */
  readonly values: readonly unknown[];
}

/** The form of formulas that all have to hold, and its values. */
export function formOf(formulas: readonly Formula[], dialect: DialectName): Form {
  const values: unknown[] = [];
  let key = "";
  for (const { permissive, restrictive, refusal } of formulas) {
    if (refusal !== undefined) {
      // What the error says is a part of it.
      return { key: `${key}!${refusal.command}:${refusal.reason}`, values: [] };
    }
    key += permissive === undefined ? "*" : formOfLeaves(permissive, values, dialect);
    key += formOfLeaves(restrictive, values, dialect);
  }
  return { key, values };
}

function formOfLeaves(
  leaves: readonly Leaf[],
  values: unknown[],
  dialect: DialectName,
): string {
  let form = "(";
  for (const leaf of leaves) form += `${formOfLeaf(leaf, values, dialect)};`;
  return `${form})`;
}

function formOfLeaf({ policy, verdict }: Leaf, values: unknown[], dialect: DialectName): string {
  switch (verdict.kind) {
    case "rows":
      return `${policy.name}:rows`;
    case "sql":
      values.push(...verdict.values);
      return `${policy.name}:${verdict.form}`;
    case "columns": {
      let form = `${policy.name}:`;
      for (const { column, operator, values: each } of verdict.terms) {
        for (const value of each) values.push(formatValue(value, dialect));
        // With its length, so that no name can look like two.
        form += `${column.length} ${column} ${operator} ${each.length},`;
      }
      return form;
    }
  }
}

/**
 * Formulas as a predicate.
 *
 * @param column how the row's columns are written
 * @param operand what stands for a value, in the order of {@linkcode Form.values}
 * @returns `undefined` where every row satisfies it. What has to be asked about each row is left out:
 * the predicate is then what a row must satisfy besides
 */
export function predicateOf(
  formulas: readonly Formula[],
  column: (name: string) => ExpressionWrapper<any, any, any>,
  operand: (index: number) => OperationNode,
): OperationNode | undefined {
  let next = 0;
  const nodes: OperationNode[] = [];
  for (const { permissive, restrictive, refusal } of formulas) {
    if (refusal !== undefined) return NEVER;
    if (permissive !== undefined) {
      const some = permissive.map((leaf) => nodeOf(leaf, column, () => operand(next++)));
      // Where a function may allow the row, SQL alone cannot refuse it.
      const all = some.filter((node) => node !== undefined);
      if (all.length === some.length) {
        nodes.push(
          all.length === 1
            ? all[0]!
            : ParensNode.create(all.reduce((left, right) => OrNode.create(left, right))),
        );
      }
    }
    for (const leaf of restrictive) {
      const node = nodeOf(leaf, column, () => operand(next++));
      if (node !== undefined) nodes.push(node);
    }
  }
  return nodes.length === 0 ? undefined : nodes.reduce(and);
}

/** The values themselves as parameters. */
export function valueOperand(values: readonly unknown[]): (index: number) => OperationNode {
  return (index) => ValueNode.create(values[index]);
}

/** Whether formulas hold conditions that have to be asked about each row. */
export function hasRowFunctions(formulas: readonly Formula[]): boolean {
  return formulas.every(({ refusal }) => refusal === undefined) &&
    formulas.some((formula) => leavesOf(formula).some(({ verdict }) => verdict.kind === "rows"));
}

function nodeOf(
  { negated, verdict }: Leaf,
  column: (name: string) => ExpressionWrapper<any, any, any>,
  operand: () => OperationNode,
): OperationNode | undefined {
  if (verdict.kind === "rows") return undefined;
  const node = verdict.kind === "sql"
    ? ParensNode.create(withOperands(verdict.node, operand))
    : verdict.terms.map((term) => nodeOfTerm(term, column, operand)).reduce(and);
  return negated
    ? UnaryOperationNode.create(OperatorNode.create("not"), ParensNode.create(node))
    : node;
}

function nodeOfTerm(
  { column: name, operator, values }: ColumnTerm,
  column: (name: string) => ExpressionWrapper<any, any, any>,
  operand: () => OperationNode,
): OperationNode {
  const left = column(name).toOperationNode();
  const operands = values.map(operand);
  const right = operator === "is null"
    ? ValueNode.createImmediate(null)
    : operator === "in"
    ? ValueListNode.create(operands)
    : operands[0]!;
  const sign = OperatorNode.create(operator === "is null" ? "is" : operator);
  return BinaryOperationNode.create(left, sign, right);
}

function and(left: OperationNode, right: OperationNode): OperationNode {
  return AndNode.create(left, right);
}

const eb: ExpressionBuilder<any, any> = expressionBuilder<any, any>();

/** A column of SQL that is not run. */
export function columnInMemory(name: string): ExpressionWrapper<any, any, any> {
  return eb.ref(name);
}

/** An expression of a node. */
export function expressionOf(node: OperationNode): Expression<any> {
  return {
    // Never there at run time.
    expressionType: undefined,
    toOperationNode: () => node,
  };
}
