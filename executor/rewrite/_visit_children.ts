import type { OperationNode } from "kysely";
import { clauseOfQuery, type Clauses, clausesOf, isOfKinds } from "../tree/_clauses.ts";
import { misplaced } from "./_misplaced.ts";
import type { Pass } from "./_pass.ts";

/**
 * Visits the children of a node.
 *
 * @param skip the name of a child that the caller visits itself
 * @returns the same node where none of them had to change
 */
export function visitChildren<T extends OperationNode>(node: T, pass: Pass, skip?: string): T {
  pass.rules.parts.raw?.refuseText(node);
  return visitProperties(node, clausesOf(node.kind), pass, skip);
}

/** {@linkcode visitChildren} for a query. */
export function visitQuery<T extends OperationNode>(node: T, pass: Pass, skip?: string): T {
  let out: Record<string, unknown> | undefined;
  // As above.
  const children = node as unknown as Record<string, Child>;
  for (const key in children) {
    const value = children[key];
    if (typeof value !== "object" || value === null || key === skip) continue;
    const kinds = clauseOfQuery(key) ?? clausesOf(node.kind)?.[key];
    const next = kinds === undefined
      ? visitChild(value, pass)
      : visitClauses(value, kinds, node, key, pass);
    if (next !== value) {
      out ??= { ...children };
      out[key] = next;
    }
  }
  return out === undefined ? node : Object.freeze(out) as unknown as T;
}

function visitProperties<T extends OperationNode>(
  node: T,
  clauses: Clauses | undefined,
  pass: Pass,
  skip: string | undefined,
): T {
  let out: Record<string, unknown> | undefined;
  // The children of a node are its properties; which ones there are is the node's own business.
  const children = node as unknown as Record<string, Child>;
  for (const key in children) {
    const value = children[key];
    if (typeof value !== "object" || value === null || key === skip) continue;
    const kinds = clauses === undefined ? undefined : clauses[key];
    const next = kinds === undefined
      ? visitChild(value, pass)
      : visitClauses(value, kinds, node, key, pass);
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

/** Visits a clause of a node, or a list of them, which must be of the kinds that belong there. */
function visitClauses(
  child: NonNullable<Child>,
  kinds: string | readonly string[],
  parent: OperationNode,
  property: string,
  pass: Pass,
): NonNullable<Child> {
  if (!Array.isArray(child)) {
    return visitClause(child as OperationNode, kinds, parent, property, pass);
  }
  let out: OperationNode[] | undefined;
  for (let i = 0; i < child.length; i++) {
    const item = child[i] as OperationNode;
    const next = visitClause(item, kinds, parent, property, pass);
    if (next === item) continue;
    out ??= child.slice();
    out![i] = next;
  }
  return out === undefined ? child : Object.freeze(out);
}

function visitClause(
  clause: OperationNode,
  kinds: string | readonly string[],
  parent: OperationNode,
  property: string,
  pass: Pass,
): OperationNode {
  const { kind } = clause;
  if (kind !== kinds && !isOfKinds(kind, kinds)) {
    throw misplaced(parent, property, kind ?? typeof clause);
  }
  switch (kind) {
    // What names tables is visited here only: elsewhere, no rule would look at what it names.
    case "FromNode":
    case "UsingNode":
      return visitProperties(clause, undefined, pass, undefined);
    case "JoinNode":
      return visitProperties(clause, JOIN, pass, undefined);
    default:
      return pass.visit(clause);
  }
}

const JOIN = clausesOf("JoinNode");

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
