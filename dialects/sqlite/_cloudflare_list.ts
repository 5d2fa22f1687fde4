import type { ListParameter } from "@kysera/core";
import {
  type Expression,
  expressionBuilder,
  ExpressionWrapper,
  OperatorNode,
  UnaryOperationNode,
} from "kysely";
import { bindValues } from "./_bind.ts";

const eb = expressionBuilder<any, any>();
const LIST = "kyseralist";

/**
 * Returns a list as JSON, in which each value is what the runtime would bind:
 *
 * | value                       | bound as | in JSON                                            |
 * | --------------------------- | -------- | -------------------------------------------------- |
 * | whole number, boolean       | REAL     | `5.0`, which is REAL as well                       |
 * | text                        | TEXT     | text                                               |
 * | other numbers               | REAL     | none: SQLite may read another one of their digits  |
 * | bytes, NULL, text with NUL  |          | none                                               |
 */
export function listForCloudflare(values: readonly unknown[]): ListParameter | undefined {
  const items: string[] = [];
  for (const value of bindable(values)) {
    if (typeof value === "string" && !value.includes("\0")) {
      // What is bound is well-formed, too.
      items.push(JSON.stringify(value.toWellFormed()));
    } else if (Number.isSafeInteger(Number(value)) && isNumber(value)) items.push(`${value}.0`);
    else return undefined;
  }
  return { text: `[${items.join()}]`, list };
}

/** The values as they are bound; none where one cannot be, which is told when it is. */
function bindable(values: readonly unknown[]): readonly unknown[] {
  try {
    return bindValues(values, false);
  } catch {
    return [null];
  }
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function list(text: Expression<string>): Expression<unknown> {
  // The column has an affinity of its own, which a parameter does not have; `+` takes it away.
  const value = new ExpressionWrapper(UnaryOperationNode.create(
    OperatorNode.create("+"),
    eb.ref(`${LIST}.value`).toOperationNode(),
  ));
  return eb.selectFrom(eb.fn("json_each", [text]).as(LIST)).select(value.as("value"));
}
