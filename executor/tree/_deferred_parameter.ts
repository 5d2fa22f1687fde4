import { type Expression, type OperationNode, PrimitiveValueListNode, ValueNode } from "kysely";
import { mapChildren } from "./_children.ts";
import { callHook } from "../contract/_call_hook.ts";
import type { Attributes } from "../contract/plugin.ts";

/** A hook of a plugin. */
export interface Caller {
  readonly plugin: string;
  readonly hook: string;
}

/** A parameter that is read from the caller's context when the query runs, not when it is built. */
export class DeferredParameter<T> implements Expression<T> {
  readonly #caller: Caller;
  readonly #read: (context: Attributes | undefined, run: object) => T;
  readonly #key: string | undefined;

  /**
   * @param caller the hook it came from, for errors
   * @param read reads the value from what is bound to the executor instance that runs the query; it is
   * told an object that stands for that one run
   * @param key what the value is, among those of the plugin
   */
  constructor(
    caller: Caller,
    read: (context: Attributes | undefined, run: object) => T,
    key: string | undefined,
  ) {
    this.#caller = caller;
    this.#read = read;
    this.#key = key;
  }

  get expressionType(): T | undefined {
    return undefined;
  }

  toOperationNode(): OperationNode {
    return ValueNode.create(this);
  }

  /** Returns true if another one of the same plugin has the same key, or is read by one function. */
  isLike(other: DeferredParameter<unknown>): boolean {
    return this.#key === undefined
      ? this.#read === other.#read
      : this.#key === other.#key && this.#caller.plugin === other.#caller.plugin;
  }

  read(context: Attributes | undefined, run: object): T {
    return callHook(this.#caller.plugin, this.#caller.hook, () => this.#read(context, run));
  }
}

/** Reads a deferred parameter for one run of a query. */
export type ReadDeferred = (parameter: DeferredParameter<unknown>) => unknown;

/** Returns a tree with every deferred parameter read. */
export function readDeferred(node: OperationNode, read: ReadDeferred): OperationNode {
  if (node.kind === "ValueNode") {
    const { value, immediate } = node as ValueNode;
    if (!(value instanceof DeferredParameter)) return node;
    const known = read(value);
    // What is written into a view's query is written out.
    return immediate === true ? ValueNode.createImmediate(known) : ValueNode.create(known);
  }
  if (node.kind === "PrimitiveValueListNode") {
    const { values } = node as PrimitiveValueListNode;
    return values.some((value) => value instanceof DeferredParameter)
      ? PrimitiveValueListNode.create(
        values.map((value) => value instanceof DeferredParameter ? read(value) : value),
      )
      : node;
  }
  if (NAMES.has(node.kind)) return node;
  return mapChildren(node, (child) => readDeferred(child, read));
}

/** Kinds of nodes that hold names and no values. */
const NAMES: ReadonlySet<string> = new Set([
  ...["IdentifierNode", "SchemableIdentifierNode", "TableNode", "ColumnNode", "ReferenceNode"],
  ...["SelectAllNode", "OperatorNode"],
]);
