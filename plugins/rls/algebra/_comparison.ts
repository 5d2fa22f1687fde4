import {
  type ExpressionBuilder,
  expressionBuilder,
  ExpressionWrapper,
  type OperationNode,
  type SqlBool,
} from "kysely";

const kysely: ExpressionBuilder<any, any> = expressionBuilder<any, any>();

/** A column of the row, by a name that was looked at. Of each place and name there is one. */
export class RowColumn extends ExpressionWrapper<any, any, any> {}

/** What stands to the left of a comparison. */
type Left = string | RowColumn;
/** A value that becomes a parameter, whatever the operator is. */
export type Scalar = string | number | bigint;

/**
 * A comparison with a value. Most conditions of policies are one, and their form is asked for once:
 * later on the value alone is of use, so the nodes are made where somebody needs them.
 */
export class Comparison extends ExpressionWrapper<any, any, SqlBool> {
  readonly #left: Left;
  readonly #operator: string;
  readonly #value: Scalar;

  static {
    for (const name of Reflect.ownKeys(ExpressionWrapper.prototype)) {
      const { value } = Object.getOwnPropertyDescriptor(ExpressionWrapper.prototype, name)!;
      if (name === "constructor" || typeof value !== "function") continue;
      Object.defineProperty(this.prototype, name, {
        value(this: Comparison, ...parameters: unknown[]) {
          return value.apply(Comparison.#madeOf(this), parameters);
        },
        writable: true,
        configurable: true,
      });
    }
  }

  constructor(left: Left, operator: string, value: Scalar) {
    // Every member that would read the node is one of the expression that is made.
    super(NO_NODE);
    this.#left = left;
    this.#operator = operator;
    this.#value = value;
  }

  /** Returns true for a comparison of which no nodes were made. */
  static is(value: unknown): value is Comparison {
    return typeof value === "object" && value !== null && #left in value;
  }

  /** Returns the value if an expression compares the same by the same operator; else `undefined`. */
  static scalarOf(expression: unknown, other: Comparison): Scalar | undefined {
    return typeof expression === "object" && expression !== null && #left in expression &&
        expression.#left === other.#left && expression.#operator === other.#operator
      ? expression.#value
      : undefined;
  }

  /** Returns the expression that Kysely makes of a comparison. */
  static #madeOf(comparison: Comparison): ExpressionWrapper<any, any, SqlBool> {
    return kysely(
      comparison.#left,
      // Kysely refuses what is not an operator.
      comparison.#operator as "=",
      comparison.#value,
    );
  }
}

// Nobody sees it.
const NO_NODE: OperationNode = Object.freeze({ kind: "RawNode" });

function compare(left: unknown, operator: unknown, value: unknown): unknown {
  const isDeferred = (typeof left === "string" || left instanceof RowColumn) &&
    typeof operator === "string" &&
    (typeof value === "string" || typeof value === "number" || typeof value === "bigint");
  return isDeferred
    ? new Comparison(left, operator, value)
    // Kysely looks at what it is given.
    : kysely(left as string, operator as "=", value);
}

const members = Object.assign(compare, kysely);

/** Kysely's expression builder, which makes the nodes of comparisons where they are asked for. */
export const eb: ExpressionBuilder<any, any> = Object.assign(members, {
  eb: members,
}) as unknown as ExpressionBuilder<any, any>;
