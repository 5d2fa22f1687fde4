import type {
  BinaryOperationNode,
  ColumnNode,
  OperationNode,
  OperatorNode,
  ReferenceNode,
  ValueNode,
} from "kysely";
import { forEachChild, sameNode } from "./_nodes.ts";

/** As many nodes are compared with one another; more of them are looked up. */
const MOST_COMPARED = 3;
/** As many characters of a text count, at each end of it. */
const MOST_CHARACTERS = 64;

/** Nodes in the order that they came in, each of them once: two that are the same SQL are one. */
export class DistinctNodes {
  readonly #nodes: OperationNode[] = [];
  #byHash: Map<number, OperationNode[]> | undefined;

  /** The nodes. */
  get nodes(): readonly OperationNode[] {
    return this.#nodes;
  }

  /** Adds a node, unless one like it is there. */
  add(node: OperationNode): void {
    const alike = this.#mayBeLike(node);
    for (let i = 0; i < alike.length; i++) if (sameNode(alike[i], node)) return;
    this.#nodes.push(node);
    if (alike !== this.#nodes) alike.push(node);
  }

  /** The nodes that one may be the same as. */
  #mayBeLike(node: OperationNode): OperationNode[] {
    if (this.#nodes.length <= MOST_COMPARED) return this.#nodes;
    if (this.#byHash === undefined) {
      this.#byHash = new Map();
      for (const known of this.#nodes) listAt(this.#byHash, hashOf(known)).push(known);
    }
    return listAt(this.#byHash, hashOf(node));
  }
}

function listAt(lists: Map<number, OperationNode[]>, hash: number): OperationNode[] {
  let list = lists.get(hash);
  if (list === undefined) lists.set(hash, list = []);
  return list;
}

/** A number that is the same for nodes that are the same. */
function hashOf(node: OperationNode): number {
  // The commonest kinds are read by name, which costs a fraction of reading all that they hold.
  switch (node.kind) {
    case "ValueNode":
      return hashOfValue((node as ValueNode).value);
    case "OperatorNode":
      return hashOfValue((node as OperatorNode).operator);
    case "ReferenceNode":
      return hashOf((node as ReferenceNode).column);
    case "ColumnNode":
      return hashOfValue((node as ColumnNode).column?.name);
    case "BinaryOperationNode": {
      const { leftOperand, operator, rightOperand } = node as BinaryOperationNode;
      return mix(mix(hashOf(leftOperand), hashOf(operator)), hashOf(rightOperand));
    }
    default: {
      // Properties may come in another order, and so do their numbers.
      let hash = node.kind.length;
      forEachChild(node, (child) => hash = (hash + hashOf(child)) | 0);
      return hash;
    }
  }
}

function mix(a: number, b: number): number {
  return (Math.imul(a, 31) + b) | 0;
}

/** Objects say nothing: only a comparison tells whether they hold the same. */
function hashOfValue(value: unknown): number {
  if (typeof value === "number") return Math.trunc(value * 1_024) | 0;
  if (typeof value !== "string") return 0;
  const { length } = value;
  let hash = length;
  for (let i = 0; i < length && i < MOST_CHARACTERS; i++) hash = mix(hash, value.charCodeAt(i));
  for (let i = Math.max(MOST_CHARACTERS, length - MOST_CHARACTERS); i < length; i++) {
    hash = mix(hash, value.charCodeAt(i));
  }
  return hash;
}
