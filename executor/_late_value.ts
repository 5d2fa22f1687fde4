import { type Expression, type OperationNode, ValueNode } from "kysely";
import { callHook } from "./_plan.ts";
import type { Attributes } from "./plugin.ts";

/** A hook of a plugin. */
export interface Caller {
  readonly plugin: string;
  readonly hook: string;
}

/** A value of the caller's context that is read when the query runs, not when it is built. */
export class LateValue<T> implements Expression<T> {
  readonly #caller: Caller;
  readonly #read: (context: Attributes | undefined) => T;

  /**
   * Makes one.
   *
   * @param caller the hook it came from, for errors
   * @param read reads the value from what is bound to the handle that runs the query
   */
  constructor(caller: Caller, read: (context: Attributes | undefined) => T) {
    this.#caller = caller;
    this.#read = read;
  }

  get expressionType(): T | undefined {
    return undefined;
  }

  toOperationNode(): OperationNode {
    return ValueNode.create(this);
  }

  read(context: Attributes | undefined): T {
    return callHook(this.#caller.plugin, this.#caller.hook, () => this.#read(context));
  }
}

/** The parameters with every late value read. */
export function readLate(
  parameters: readonly unknown[],
  context: Attributes | undefined,
): readonly unknown[] {
  if (!parameters.some((value) => value instanceof LateValue)) return parameters;
  return parameters.map((value) => value instanceof LateValue ? value.read(context) : value);
}
