import { type Expression, type OperationNode, ValueNode } from "kysely";
import type { Attributes } from "./plugin.ts";

/** A value of the caller's context that is read when the query runs, not when it is built. */
export class LateValue<T> implements Expression<T> {
  readonly #read: (context: Attributes | undefined) => T;

  /** @param read reads the value from what is bound to the handle that runs the query */
  constructor(read: (context: Attributes | undefined) => T) {
    this.#read = read;
  }

  get expressionType(): T | undefined {
    return undefined;
  }

  toOperationNode(): OperationNode {
    return ValueNode.create(this);
  }

  read(context: Attributes | undefined): T {
    return this.#read(context);
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
