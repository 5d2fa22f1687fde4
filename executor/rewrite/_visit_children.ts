import type { OperationNode } from "kysely";
import type { Pass } from "./_pass.ts";

/**
 * Visits the children of a node.
 *
 * @param skip the name of a child that the caller visits itself
 * @returns the same node where none of them had to change
 */
export function visitChildren<T extends OperationNode>(node: T, pass: Pass, skip?: string): T {
  let out: Record<string, unknown> | undefined;
  // The children of a node are its properties; which ones there are is the node's own business.
  const children = node as unknown as Record<string, Child>;
  for (const key in children) {
    const value = children[key];
    if (typeof value !== "object" || value === null || key === skip) continue;
    const next = visitChild(value, pass);
    if (next !== value) {
      out ??= { ...children };
      out[key] = next;
    }
  }
  return out === undefined ? node : Object.freeze(out) as unknown as T;
}

/** A property of a node: a node, a list of them, or anything else. */
type Child = OperationNode | readonly unknown[] | { readonly kind?: undefined } | null | undefined;

function visitChild(child: NonNullable<Child>, pass: Pass): NonNullable<Child> {
  if (Array.isArray(child)) return visitList(child, pass);
  const node = child as OperationNode | { readonly kind?: undefined };
  return node.kind === undefined ? node : pass.visit(node);
}

/** Visits a list of nodes; returns the same list where none of them had to change. */
function visitList(nodes: readonly unknown[], pass: Pass): readonly unknown[] {
  let out: unknown[] | undefined;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Child;
    if (typeof node !== "object" || node === null) continue;
    const next = visitChild(node, pass);
    if (next !== node) {
      out ??= nodes.slice();
      out[i] = next;
    }
  }
  return out === undefined ? nodes : Object.freeze(out);
}
