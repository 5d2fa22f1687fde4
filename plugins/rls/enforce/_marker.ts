import {
  BinaryOperationNode,
  type DeleteQueryNode,
  type InsertQueryNode,
  type OperationNode,
  OperatorNode,
  type UpdateQueryNode,
  ValueNode,
} from "kysely";

/**
 * The place in a statement's WHERE where a condition goes that functions of the row decide: the keys of
 * the rows that they allow. Until it is there the condition holds for no row: what is not looked after
 * touches nothing.
 */
let nonce: string | undefined;

/** The marker of a place. */
export function marker(site: "update" | "delete"): OperationNode {
  return BinaryOperationNode.create(
    ValueNode.createImmediate(""),
    OperatorNode.create("="),
    ValueNode.create(drawnNonce() + site),
  );
}

/** What a node is the marker of. */
export function markedSite(node: OperationNode): "update" | "delete" | undefined {
  if (node.kind !== "BinaryOperationNode") return undefined;
  const { value } = (node as BinaryOperationNode).rightOperand as Partial<ValueNode>;
  if (typeof value !== "string" || nonce === undefined || !value.startsWith(nonce)) {
    return undefined;
  }
  return value.slice(nonce.length) === "delete" ? "delete" : "update";
}

/** Drawn with the first marker: Cloudflare's runtime refuses randomness while it loads modules. */
function drawnNonce(): string {
  return nonce ??= `kysera:rls:${crypto.randomUUID()}:`;
}

/** What of a statement functions of the row may have a say in. */
export interface Findings {
  /** The markers. */
  readonly sites: readonly ("update" | "delete")[];
  /** Its INSERTs, those of a MERGE as well. */
  readonly inserts: readonly InsertQueryNode[];
  /** Its UPDATEs and DELETEs. */
  readonly changes: readonly (UpdateQueryNode | DeleteQueryNode)[];
}

/** Looks a statement through. */
export function findingsIn(root: OperationNode): Findings {
  const sites: ("update" | "delete")[] = [];
  const inserts: InsertQueryNode[] = [];
  const changes: (UpdateQueryNode | DeleteQueryNode)[] = [];
  const look = (child: unknown): void => {
    if (typeof child !== "object" || child === null) return;
    if (Array.isArray(child)) {
      child.forEach(look);
      return;
    }
    if (!("kind" in child)) return;
    const node = child as OperationNode;
    // What is in a value is data.
    if (node.kind === "ValueNode" || node.kind === "PrimitiveValueListNode") return;
    const site = markedSite(node);
    if (site !== undefined) sites.push(site);
    if (node.kind === "InsertQueryNode") inserts.push(node as InsertQueryNode);
    if (node.kind === "UpdateQueryNode") changes.push(node as UpdateQueryNode);
    if (node.kind === "DeleteQueryNode") changes.push(node as DeleteQueryNode);
    Object.values(node).forEach(look);
  };
  look(root);
  return { sites, inserts, changes };
}

/** A condition with something else in the place of its marker. */
export function replaceMarker(node: OperationNode, by: OperationNode): OperationNode {
  if (markedSite(node) !== undefined) return by;
  if (node.kind === "AndNode") {
    const { left, right } = node as OperationNode & { left: OperationNode; right: OperationNode };
    const [newLeft, newRight] = [replaceMarker(left, by), replaceMarker(right, by)];
    return newLeft === left && newRight === right
      ? node
      : { ...node, left: newLeft, right: newRight } as OperationNode;
  }
  if (node.kind === "ParensNode") {
    const { node: inner } = node as OperationNode & { node: OperationNode };
    const changed = replaceMarker(inner, by);
    return changed === inner ? node : { ...node, node: changed } as OperationNode;
  }
  return node;
}
