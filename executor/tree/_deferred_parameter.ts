import { type Expression, type OperationNode, PrimitiveValueListNode, ValueNode } from "kysely";
import { callHook } from "../hooks/_validate_results.ts";
import type { Attributes } from "../contract/plugin.ts";

/** A hook of a plugin. */
export interface Caller {
  readonly plugin: string;
  readonly hook: string;
}

/** A value of the caller's context that is read when the query runs, not when it is built. */
export class LateValue<T> implements Expression<T> {
  readonly #caller: Caller;
  readonly #read: (context: Attributes | undefined, run: object) => T;

  /**
   * Makes one.
   *
   * @param caller the hook it came from, for errors
   * @param read reads the value from what is bound to the handle that runs the query; it is told an
   * object that stands for that one run
   */
  constructor(caller: Caller, read: (context: Attributes | undefined, run: object) => T) {
    this.#caller = caller;
    this.#read = read;
  }

  get expressionType(): T | undefined {
    return undefined;
  }

  toOperationNode(): OperationNode {
    return ValueNode.create(this);
  }

  /** Whether another one is read by the same function. */
  isLike(other: LateValue<unknown>): boolean {
    return this.#read === other.#read;
  }

  read(context: Attributes | undefined, run: object): T {
    return callHook(this.#caller.plugin, this.#caller.hook, () => this.#read(context, run));
  }
}

/** A tree with every late value read, all of them for the same run. */
export function readLate(
  node: OperationNode,
  context: Attributes | undefined,
  run: object,
): OperationNode {
  if (node.kind === "ValueNode") {
    const { value, immediate } = node as ValueNode;
    if (!(value instanceof LateValue)) return node;
    const read = value.read(context, run);
    // What is written into a view's query is written out.
    return immediate === true ? ValueNode.createImmediate(read) : ValueNode.create(read);
  }
  if (node.kind === "PrimitiveValueListNode") {
    const { values } = node as PrimitiveValueListNode;
    return values.some((value) => value instanceof LateValue)
      ? PrimitiveValueListNode.create(
        values.map((value) => value instanceof LateValue ? value.read(context, run) : value),
      )
      : node;
  }
  let out: Record<string, unknown> | undefined;
  // The children of a node are its properties.
  const children = node as unknown as Record<string, unknown>;
  for (const key in children) {
    const child = children[key];
    if (typeof child !== "object" || child === null) continue;
    const next = readChild(child, context, run);
    if (next !== child) {
      out ??= { ...children };
      out[key] = next;
    }
  }
  return out === undefined ? node : Object.freeze(out) as unknown as OperationNode;
}

function readChild(
  child: object,
  context: Attributes | undefined,
  run: object,
): unknown {
  if (Array.isArray(child)) {
    const next = child.map((item) =>
      typeof item === "object" && item !== null ? readChild(item, context, run) : item
    );
    return next.some((item, i) => item !== child[i]) ? Object.freeze(next) : child;
  }
  return "kind" in child ? readLate(child as OperationNode, context, run) : child;
}
