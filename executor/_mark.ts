import type { OperationNode } from "kysely";
import type { Guard } from "./_guard.ts";
import { ForeignQueryError } from "./errors.ts";
import type { Scope } from "./rewrite/_scope.ts";
import { visit } from "./rewrite/_visit.ts";

const MARK: unique symbol = Symbol("kysera.mark");

/** Where a rewritten query came from. Its fields are private, so that no log prints them. */
class Mark {
  readonly #self: OperationNode;
  readonly #original: OperationNode;
  readonly #guard: Guard;

  /**
   * @param self the node that bears the mark: a copy of the node does not count as it
   * @param original the query before it was rewritten
   * @param guard the handle that rewrote it
   */
  constructor(self: OperationNode, original: OperationNode, guard: Guard) {
    this.#self = self;
    this.#original = original;
    this.#guard = guard;
  }

  get original(): OperationNode {
    return this.#original;
  }

  get guard(): Guard {
    return this.#guard;
  }

  isOn(node: OperationNode): boolean {
    return this.#self === node;
  }
}

interface Marked {
  [MARK]?: Mark;
}

/**
 * Marks the root of a rewritten query, so that a query which it is built into rewrites what the user
 * wrote, once, in the scope it stands in there.
 */
export function mark<T extends OperationNode>(node: T, original: OperationNode, guard: Guard): T {
  const out = Object.isExtensible(node) ? node : { ...node };
  (out as Marked)[MARK] = new Mark(out, original, guard);
  return out;
}

/** Whether the node is one that {@linkcode mark} gave back for this guard's view. */
export function isMarkedBy(node: OperationNode, guard: Guard): boolean {
  const found = markOf(node);
  return found !== undefined && found.guard.core === guard.core && found.guard.view === guard.view;
}

/** What a query was before this executor rewrote it. */
export function originalOf(node: OperationNode, guard: Guard): OperationNode | undefined {
  return isMarkedBy(node, guard) ? markOf(node)!.original : undefined;
}

/**
 * Rewrites a query that was rewritten before, and stands in another one now.
 *
 * | it was built by                        | it is rewritten                               |
 * | -------------------------------------- | --------------------------------------------- |
 * | this handle, or one of the same view   | from what its user wrote                      |
 * | a handle with other flags, same context | from what its user wrote, under its own flags |
 * | a handle without a context             | from what its user wrote, under this context  |
 * | a handle of another context            | refused                                       |
 * | another executor                       | as it stands                                  |
 *
 * @returns `undefined` where the node is to be rewritten as it stands
 */
export function rewriteMarked(
  node: OperationNode,
  scope: Scope | undefined,
  guard: Guard,
): OperationNode | undefined {
  const found = markOf(node);
  if (found === undefined || found.guard.core !== guard.core) return undefined;
  const inner = found.guard.view;
  const outer = guard.view;
  if (inner === outer) return visit(found.original, scope, guard);
  if (inner.context === outer.context) {
    // What the other handle's hooks look at is not noted here: the result is good for once.
    guard.usage.moment = true;
    return visit(found.original, scope, found.guard);
  }
  if (inner.context === undefined) return visit(found.original, scope, guard);
  throw new ForeignQueryError(
    "a subquery was built under another context; build it with the handle that runs the query",
  );
}

function markOf(node: OperationNode): Mark | undefined {
  const found = (node as Marked)[MARK];
  return found !== undefined && found.isOn(node) ? found : undefined;
}
