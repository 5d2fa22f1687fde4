import type { OperationNode } from "kysely";

/** Calls `use` with every child of a node; a value of the user is not a child. */
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
  for (const key in node) {
    const value: unknown = node[key as keyof OperationNode];
    if (typeof value !== "object" || value === null) continue;
    const next = Array.isArray(value)
      ? mapItems(value, map)
      : "kind" in value
      ? map(value as OperationNode)
      : value;
    if (next !== value) {
      out ??= { ...node };
      out[key] = next;
    }
  }
  return out === undefined ? node : frozen(out) as unknown as OperationNode;
}

/** A list with each of its nodes mapped; the same list where none of them changed. */
export function mapItems(
  items: readonly unknown[],
  map: (child: OperationNode) => OperationNode,
): readonly unknown[] {
  let out: unknown[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (!isNode(item)) continue;
    const mapped = map(item);
    if (mapped !== item) (out ??= [...items])[i] = mapped;
  }
  return out === undefined ? items : Object.freeze(out);
}

/** Returns true if a property of a node is a node. */
export function isNode(value: unknown): value is OperationNode {
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
