import type { Expression, Kysely } from "kysely";
import { createQueryId } from "kysely";
import { statement } from "./_nodes.ts";

/** What in compiled SQL is no placeholder: names and texts; and what is one. */
const PARTS = /"(?:[^"]|"")*"|`(?:[^`]|``)*`|'(?:[^']|'')*'|\$(\d+)|\?/g;

/** SQL with its values written out, for what takes no parameters: the body of a trigger. */
export function inline(db: Kysely<any>, piece: Expression<any>, dialect: string): string {
  const { sql, parameters } = db.getExecutor().compileQuery(statement(piece), createQueryId());
  let next = 0;
  return sql.replace(PARTS, (part: string, number: string | undefined) => {
    // To PostgreSQL it is an operator.
    if (part === "?" && dialect !== "postgres") return literal(parameters[next++], dialect);
    return number === undefined ? part : literal(parameters[Number(number) - 1], dialect);
  });
}

/** A value as SQL writes it. */
export function literal(value: unknown, dialect: string): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const quoted = String(value).replaceAll("'", "''");
  // MySQL reads a backslash in a text as the start of an escape.
  return `'${dialect === "mysql" ? quoted.replaceAll("\\", "\\\\") : quoted}'`;
}
