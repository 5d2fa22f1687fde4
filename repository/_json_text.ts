import { type Expression, type OperationNode, sql } from "kysely";

/**
 * JSON on its way into a column of PostgreSQL. As a parameter that is text to the server it is the same
 * through every driver: some write a list as an array of PostgreSQL, others make JSON of a text once
 * more.
 */
export class JsonText implements Expression<unknown> {
  readonly text: string;
  readonly type: "json" | "jsonb";

  constructor(text: string, type: "json" | "jsonb") {
    this.text = text;
    this.type = type;
  }

  get expressionType(): unknown {
    return undefined;
  }

  toOperationNode(): OperationNode {
    return this.around(this.text);
  }

  /** The expression with something else in place of the text. */
  around(text: unknown): OperationNode {
    const type = this.type === "json" ? sql`json` : sql`jsonb`;
    return sql`cast(cast(${text} as text) as ${type})`.toOperationNode();
  }
}

/** Returns true if a value is JSON, around which there is an expression. */
export function holdsJson(values: readonly unknown[]): boolean {
  for (const value of values) if (value instanceof JsonText) return true;
  return false;
}
