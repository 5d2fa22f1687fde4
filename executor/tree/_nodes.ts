import {
  type AliasNode,
  type OperationNode,
  type OperationNodeSource,
  type TableNode,
  ValueNode,
} from "kysely";
import { forEachChild } from "./_children.ts";
import { DeferredParameter } from "./_deferred_parameter.ts";

export { forEachChild, freezeBelow, frozen, mapChildren } from "./_children.ts";

/** Whether two nodes are the same SQL with the same values. */
export function sameNode(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof DeferredParameter && b instanceof DeferredParameter) return a.isLike(b);
  const keys = Object.keys(a);
  // An object without keys of its own (a Date, a buffer's view) says nothing about its value.
  if (keys.length === 0 || keys.length !== Object.keys(b).length) return false;
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return keys.every((key) => key in right && sameNode(left[key], right[key]));
}

/** What the subqueries of a predicate read. */
export interface NamesInPredicate {
  /** Tables without a schema, which a CTE may hide. */
  readonly reads: Set<string>;
  /** All tables, whatever schema they are in. */
  readonly tables: Set<string>;
  /** The names that the subqueries have for them. */
  readonly names: Set<string>;
}

/**
 * The tables that the subqueries of a predicate read, and the names they give to them.
 *
 * @param known nodes that are left out, with all that is below them
 */
export function namesIn(
  predicate: OperationNode,
  cteKey: (name: string) => string,
  known?: ReadonlySet<OperationNode>,
): NamesInPredicate {
  const reads = new Set<string>();
  const tables = new Set<string>();
  const names = new Set<string>();
  const source = (item: OperationNode): void => {
    if (known?.has(item) === true) return;
    const alias = item.kind === "AliasNode" ? (item as AliasNode).alias : undefined;
    const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
    if (alias?.kind === "IdentifierNode") {
      names.add((alias as OperationNode & { name: string }).name);
    }
    if (node.kind !== "TableNode") return;
    const { schema, identifier } = (node as TableNode).table;
    tables.add(cteKey(identifier.name));
    if (schema === undefined) reads.add(cteKey(identifier.name));
    if (alias === undefined) names.add(identifier.name);
  };
  const search = (node: OperationNode): void => {
    if (known?.has(node) === true) return;
    if (node.kind === "FromNode") {
      for (const item of (node as OperationNode & { froms: OperationNode[] }).froms) source(item);
    } else if (node.kind === "JoinNode") {
      source((node as OperationNode & { table: OperationNode }).table);
    }
    forEachChild(node, search);
  };
  search(predicate);
  return { reads, tables, names };
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
