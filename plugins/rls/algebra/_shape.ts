import {
  type OperationNode,
  type PrimitiveValueListNode,
  ValueListNode,
  type ValueNode,
} from "kysely";

/** An expression's form, and the values in it. */
export interface Shape {
  /** The same for expressions that differ in their values alone. */
  readonly form: string;
  /** The values, in the order they stand in. */
  readonly values: readonly unknown[];
}

/** Tells an expression's form from the values in it. */
export function shapeOf(node: OperationNode): Shape {
  const values: unknown[] = [];
  return { form: formOf(node, values), values };
}

/** The expression with something else in the place of each of its values. */
export function withOperands(
  node: OperationNode,
  operand: (index: number) => OperationNode,
): OperationNode {
  let next = 0;
  const change = (child: unknown): unknown => {
    if (typeof child !== "object" || child === null) return child;
    if (Array.isArray(child)) return child.map(change);
    if (!("kind" in child)) return child;
    const each = child as OperationNode;
    if (each.kind === "ValueNode") {
      return isParameter(each as ValueNode) ? operand(next++) : each;
    }
    if (each.kind === "PrimitiveValueListNode") {
      const { values } = each as PrimitiveValueListNode;
      return ValueListNode.create(values.map(() => operand(next++)));
    }
    return Object.fromEntries(Object.entries(each).map(([key, value]) => [key, change(value)]));
  };
  // The root of an expression is a node, and stays one.
  return change(node) as OperationNode;
}

function formOf(child: unknown, values: unknown[]): string {
  if (Array.isArray(child)) return `[${child.map((item) => formOf(item, values)).join(",")}]`;
  if (typeof child !== "object" || child === null || !("kind" in child)) return textOf(child);
  const node = child as OperationNode;
  if (node.kind === "ValueNode") {
    const { value } = node as ValueNode;
    if (!isParameter(node as ValueNode)) return `=${textOf(value)}`;
    values.push(value);
    return "?";
  }
  if (node.kind === "PrimitiveValueListNode") {
    const list = (node as PrimitiveValueListNode).values;
    values.push(...list);
    return `?${list.length}`;
  }
  const members = Object.entries(node).map(([key, value]) => `${key}:${formOf(value, values)}`);
  return `{${members.join(",")}}`;
}

/** Whether a value goes to the database as a parameter, and not as a part of the SQL. */
function isParameter({ immediate }: ValueNode): boolean {
  return immediate !== true;
}

function textOf(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? `{${Object.entries(value).map(([key, item]) => `${key}:${textOf(item)}`).join(",")}}`
    : String(JSON.stringify(value));
}
