import type { Expression, Kysely } from "kysely";
import { createQueryId } from "kysely";
import { statement } from "./_nodes.ts";

/** What in compiled SQL is not a placeholder: names and texts; and what is one. */
const PARTS = /"(?:[^"]|"")*"|`(?:[^`]|``)*`|'(?:[^']|'')*'|\$(\d+)|\?/g;

/** How a dialect writes values, and what stands for them. */
export interface Literals {
  /** What a parameter begins with. */
  readonly placeholder: "?" | "$";
  /** Whether a backslash in a text is the start of an escape. */
  readonly backslashEscapes: boolean;
}

/** SQL with its values written out, for what takes no parameters: the body of a trigger. */
export function inline(db: Kysely<any>, piece: Expression<any>, literals: Literals): string {
  const { sql, parameters } = db.getExecutor().compileQuery(statement(piece), createQueryId());
  let next = 0;
  return sql.replace(PARTS, (part: string, number: string | undefined) => {
    // To PostgreSQL it is an operator.
    if (part === "?" && literals.placeholder === "?") return literal(parameters[next++], literals);
    return number === undefined ? part : literal(parameters[Number(number) - 1], literals);
  });
}

/** A value as SQL writes it. */
function literal(value: unknown, { backslashEscapes }: Literals): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const quoted = String(value).replaceAll("'", "''");
  return `'${backslashEscapes ? quoted.replaceAll("\\", "\\\\") : quoted}'`;
}
