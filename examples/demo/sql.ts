import { format } from "sql-formatter";

/** A statement with the values of its parameters. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

const INDENT = 2;

/**
 * Lays statements out for reading: the values filled in, a clause on one line where it fits.
 *
 * @param statements The statements.
 * @param width The most characters of a line; one without a space may be longer.
 * @returns The lines, an empty one between statements.
 */
export function layOut(statements: readonly Statement[], width: number): string[] {
  return statements.flatMap(({ sql, parameters }, i) => {
    const text = format(sql, {
      language: "sqlite",
      params: parameters.map(literal),
      tabWidth: INDENT,
      // The widest that a bracket may be in one line.
      expressionWidth: width,
    });
    return [...(i > 0 ? [""] : []), ...joinShortClauses(text.split("\n"), width)];
  });
}

function literal(value: unknown): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

/**
 * Puts a keyword and what is indented below it on one line, where it fits; of FROM and WHERE the
 * first item, so that one more join or condition is one more line.
 */
function joinShortClauses(lines: readonly string[], width: number): string[] {
  const out: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const depth = depthOf(line);
    let end = i + 1;
    while (end < lines.length && depthOf(lines[end]!) > depth) end++;
    if (/^ *(from|where)$/.test(line)) end = Math.min(end, i + 2);
    const below = lines.slice(i + 1, end);
    const joined = [line, ...below.map((each) => each.trim())].join(" ");
    const isFlat = below.every((each) => depthOf(each) === depth + INDENT);
    if (isFlat && joined.length <= width && !line.endsWith("(")) {
      out.push(joined);
      i = end - 1;
    } else out.push(line);
  }
  return out;
}

function depthOf(line: string): number {
  return line.length - line.trimStart().length;
}
