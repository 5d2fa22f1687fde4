import {
  type AliasNode,
  type OperationNode,
  type OperationNodeSource,
  type TableNode,
  ValueNode,
} from "kysely";
import type { Guard } from "../hooks/_rules.ts";
import { LateValue } from "./_deferred_parameter.ts";

/** Calls `use` with every child of a node; a value of the user is no child. */
export function forEachChild(node: OperationNode, use: (child: OperationNode) => void): void {
  if (node.kind === "ValueNode" || node.kind === "PrimitiveValueListNode") return;
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) use(item);
    } else if (isNode(value)) use(value);
  }
}

/** A node with each of its children mapped; the same node where none of them changed. */
export function mapChildren(
  node: OperationNode,
  map: (child: OperationNode) => OperationNode,
): OperationNode {
  if (node.kind === "ValueNode" || node.kind === "PrimitiveValueListNode") return node;
  let out: Record<string, unknown> | undefined;
  for (const [key, value] of Object.entries(node)) {
    let next: unknown = value;
    if (Array.isArray(value)) {
      const items = value.map((item) => isNode(item) ? map(item) : item);
      if (items.some((item, i) => item !== value[i])) next = items;
    } else if (isNode(value)) next = map(value);
    if (next !== value) {
      out ??= { ...node };
      out[key] = next;
    }
  }
  return out === undefined ? node : frozen(out) as unknown as OperationNode;
}

/** Whether two nodes are the same SQL with the same values. */
export function sameNode(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof LateValue && b instanceof LateValue) return a.isLike(b);
  const keys = Object.keys(a);
  // An object without keys of its own (a Date, a buffer's view) says nothing about its value.
  if (keys.length === 0 || keys.length !== Object.keys(b).length) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return keys.every((key) => key in right && sameNode(left[key], right[key]));
}

/** The tables that the subqueries of a predicate read, and the names they give to them. */
export function namesIn(
  predicate: OperationNode,
  guard: Guard,
): { readonly reads: Set<string>; readonly names: Set<string> } {
  const reads = new Set<string>();
  const names = new Set<string>();
  const source = (item: OperationNode): void => {
    const alias = item.kind === "AliasNode" ? (item as AliasNode).alias : undefined;
    const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
    if (alias?.kind === "IdentifierNode") {
      names.add((alias as OperationNode & { name: string }).name);
    }
    if (node.kind !== "TableNode") return;
    const { schema, identifier } = (node as TableNode).table;
    if (schema === undefined) reads.add(guard.cteKey(identifier.name));
    if (alias === undefined) names.add(identifier.name);
  };
  const search = (node: OperationNode): void => {
    if (node.kind === "FromNode") {
      for (const item of (node as OperationNode & { froms: OperationNode[] }).froms) source(item);
    } else if (node.kind === "JoinNode") {
      source((node as OperationNode & { table: OperationNode }).table);
    }
    forEachChild(node, search);
  };
  search(predicate);
  return { reads, names };
}

/** The node of an expression, or that of a parameter. */
export function valueNode(value: unknown): OperationNode {
  return nodeOfSource(value) ?? ValueNode.create(value);
}

/** The node of a query or expression; `undefined` of anything else. */
export function nodeOfSource(source: unknown): OperationNode | undefined {
  const { toOperationNode } = (source ?? {}) as Partial<OperationNodeSource>;
  if (typeof toOperationNode !== "function") return undefined;
  const node: unknown = toOperationNode.call(source);
  const { kind } = (node ?? {}) as Partial<OperationNode>;
  return typeof kind === "string" && /^[A-Z]\w*Node$/.test(kind)
    ? node as OperationNode
    : undefined;
}

function isNode(value: unknown): value is OperationNode {
  return typeof value === "object" && value !== null && "kind" in value;
}

/**
 * Freezes a node that a rule has built, and what it has built below it, as Kysely freezes its own:
 * a query is compiled as it was rewritten. Stops at what is frozen already.
 *
 * @param original what the node was made of; what they share is frozen, and not looked at
 */
export function frozen<T extends object>(node: T, original?: object): T {
  if (node === original || Object.isFrozen(node)) return node;
  Object.freeze(node);
  freezeBelow(node, original);
  return node;
}

/** {@linkcode frozen} for all but the node itself. */
export function freezeBelow(node: object, original?: object): void {
  const children = node as Record<string, unknown>;
  const shared = original as Record<string, unknown> | undefined;
  for (const key in children) {
    const child = children[key];
    if (typeof child !== "object" || child === null || child === shared?.[key]) continue;
    frozen(child);
  }
}
