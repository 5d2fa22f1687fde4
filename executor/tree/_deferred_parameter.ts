import {
  type AndNode,
  type BinaryOperationNode,
  type Expression,
  type OperationNode,
  type OrNode,
  PrimitiveValueListNode,
  ValueNode,
  type WhereNode,
} from "kysely";
import { isNode, mapChildren, mapItems } from "./_children.ts";
import { callHook } from "../contract/_call_hook.ts";
import type { Attributes } from "../contract/plugin.ts";
import type { ContextMemo, ContextRead, ReadContext } from "./_context_memo.ts";

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

  /**
   * Reads the value.
   *
   * @param _memo what was read of the context before, where it is bound
   */
  read(context: Attributes | undefined, run: object, _memo?: ContextMemo): T {
    return callHook(this.#caller.plugin, this.#caller.hook, () => this.#read(context, run));
  }
}

/** A deferred parameter that is a part of what is read of a context, with others perhaps. */
export class PickedParameter<T, V> extends DeferredParameter<V> {
  readonly #of: ContextRead;
  readonly #take: (value: T) => V;

  /**
   * @param caller the hook it came from, for errors
   * @param read reads what it is a part of
   * @param take returns the part
   */
  constructor(caller: Caller, read: ReadContext<T>, take: (value: T) => V) {
    super(caller, (context, run) => take(read(context, run)), undefined);
    const { plugin, hook } = caller;
    this.#of = { read, ask: (context, run) => callHook(plugin, hook, () => read(context, run)) };
    this.#take = take;
  }

  override read(context: Attributes | undefined, run: object, memo?: ContextMemo): V {
    return memo === undefined || context === undefined
      ? super.read(context, run)
      : this.#take(memo.valueOf<T>(this.#of, context, run));
  }
}

/** Reads a deferred parameter for one run of a query. */
export type ReadDeferred = (parameter: DeferredParameter<unknown>) => unknown;

/**
 * Returns a query with every deferred parameter read.
 *
 * @param original what the user wrote, in which there is none: what was left of it is not looked at
 * @returns a query whose root is not frozen yet, or the same one
 */
export function readDeferredIn(
  query: OperationNode,
  original: OperationNode,
  read: ReadDeferred,
): OperationNode {
  // What they hold is looked at by its name alone.
  const [children, before] = [query, original] as unknown as Record<string, unknown>[];
  let changed: Record<string, unknown> | undefined;
  for (const key in children!) {
    const child = children[key];
    if (typeof child !== "object" || child === null || child === before![key]) continue;
    const next = Array.isArray(child)
      ? mapItems(child, (item) => readDeferred(item, read))
      : isNode(child)
      ? readDeferred(child, read)
      : child;
    if (next === child) continue;
    changed ??= { ...children };
    changed[key] = next;
  }
  return changed === undefined ? query : changed as unknown as OperationNode;
}

/**
 * Returns a tree with every deferred parameter read.
 *
 * This goes through most queries that run under a policy: the commonest kinds are read by name, which
 * costs a fraction of a look at all that a node holds.
 */
export function readDeferred(node: OperationNode, read: ReadDeferred): OperationNode {
  switch (node.kind) {
    case "ValueNode": {
      const { value, immediate } = node as ValueNode;
      if (!(value instanceof DeferredParameter)) return node;
      const known = read(value);
      // What is written into a view's query is written out.
      return immediate === true ? ValueNode.createImmediate(known) : ValueNode.create(known);
    }
    case "PrimitiveValueListNode": {
      const { values } = node as PrimitiveValueListNode;
      return values.some((value) => value instanceof DeferredParameter)
        ? PrimitiveValueListNode.create(
          values.map((value) => value instanceof DeferredParameter ? read(value) : value),
        )
        : node;
    }
    case "WhereNode": {
      const { where } = node as WhereNode;
      const next = readDeferred(where, read);
      return next === where ? node : Object.freeze({ ...node, where: next });
    }
    case "AndNode":
    case "OrNode": {
      const { left, right } = node as AndNode | OrNode;
      const [first, second] = [readDeferred(left, read), readDeferred(right, read)];
      return first === left && second === right
        ? node
        : Object.freeze({ ...node, left: first, right: second });
    }
    case "BinaryOperationNode": {
      const { leftOperand, rightOperand } = node as BinaryOperationNode;
      const left = readDeferred(leftOperand, read);
      const right = readDeferred(rightOperand, read);
      return left === leftOperand && right === rightOperand
        ? node
        : Object.freeze({ ...node, leftOperand: left, rightOperand: right });
    }
    // Names, and no values.
    case "ColumnNode":
    case "IdentifierNode":
    case "OperatorNode":
    case "ReferenceNode":
    case "SchemableIdentifierNode":
    case "SelectAllNode":
    case "TableNode":
      return node;
    default:
      return mapChildren(node, (child) => readDeferred(child, read));
  }
}
