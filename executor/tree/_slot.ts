import { type Expression, type OperationNode, ValueNode } from "kysely";

/** A place among the parameters of a plan, which a call fills. */
export class Slot<T = unknown> implements Expression<T> {
  /** Which of the values of a call goes there. */
  readonly index: number;

  /**
   * @param index which of the values of a call goes there, from 0
   */
  constructor(index: number) {
    this.index = index;
  }

  /** Never there at run time. */
  get expressionType(): T | undefined {
    return undefined;
  }

  /** A parameter. */
  toOperationNode(): OperationNode {
    return ValueNode.create(this);
  }
}

/** Whether a value is a place for one. */
export function isSlot(value: unknown): value is Slot {
  return value instanceof Slot;
}
