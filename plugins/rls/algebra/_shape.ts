import {
  type OperationNode,
  type PrimitiveValueListNode,
  ValueListNode,
  type ValueNode,
} from "kysely";

/** An expression's form, and the values in it. */
export interface Shape {
  /** A short text, the same for expressions that differ in their values alone. */
  readonly form: string;
  /** The values, in the order they stand in. */
  readonly values: readonly unknown[];
}

/** An expression whose form was written out. */
interface Known {
  readonly node: OperationNode;
  readonly form: string;
}

/** What functions of policies have returned: most return the same expression with other values. */
const KNOWN: WeakMap<object, Known[]> = new WeakMap();
/** The forms that one function may have, and that all of them may have. */
const MOST_FORMS = 8;
const MOST_NAMES = 10_000;

const names = new Map<string, string>();
let count = 0;

/**
 * Tells an expression's form from the values in it.
 *
 * @param source the function that has made it
 */
export function shapeOf(node: OperationNode, source: object): Shape {
  let known = KNOWN.get(source);
  if (known === undefined) KNOWN.set(source, known = []);
  for (const each of known) {
    const values: unknown[] = [];
    if (isLike(each.node, node, values)) return { form: each.form, values };
  }
  const values: unknown[] = [];
  const form = nameOf(formOf(node, values));
  if (known.length >= MOST_FORMS) known.shift();
  known.push({ node, form });
  return { form, values };
}

/** Returns a short name of a form. No two forms ever have the same. */
function nameOf(form: string): string {
  let name = names.get(form);
  if (name === undefined) {
    if (names.size >= MOST_NAMES) names.clear();
    names.set(form, name = `f${++count}`);
  }
  return name;
}

/**
 * Returns true if two parts of expressions have the same form, as {@linkcode formOf} writes it.
 *
 * @param values takes the values of the second
 */
export function isLike(known: unknown, child: unknown, values: unknown[]): boolean {
  if (typeof child !== "object" || child === null) return Object.is(known, child);
  if (typeof known !== "object" || known === null) return false;
  if (Array.isArray(child)) {
    return Array.isArray(known) && known.length === child.length &&
      child.every((item, i) => isLike(known[i], item, values));
  }
  if (!("kind" in child)) return textOf(known) === textOf(child);
  const [one, other] = [known, child] as Readonly<Record<string, unknown>>[];
  if (one!["kind"] !== other!["kind"]) return false;
  if (child.kind === "ValueNode") {
    const node = child as unknown as ValueNode;
    if (isParameter(node) !== isParameter(known as unknown as ValueNode)) return false;
    if (!isParameter(node)) return textOf(one!["value"]) === textOf(node.value);
    values.push(node.value);
    return true;
  }
  if (child.kind === "PrimitiveValueListNode") {
    const list = (child as unknown as PrimitiveValueListNode).values;
    values.push(...list);
    return (known as unknown as PrimitiveValueListNode).values.length === list.length;
  }
  let keys = 0;
  for (const key in other) {
    keys++;
    if (!(key in one!) || !isLike(one![key], other[key], values)) return false;
  }
  for (const _ in one) keys--;
  return keys === 0;
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
