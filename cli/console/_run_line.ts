import { CompiledQuery, type Kysely, type QueryResult, sql } from "kysely";
import { rowsText } from "../terminal/_rows_text.ts";
import type { Colors } from "../terminal/_colors.ts";

/** What a line of the console gave. */
export interface LineAnswer {
  readonly data: unknown;
  readonly text: string;
}

/** Runs a statement of SQL, or JavaScript that begins with `db.` or `sql`. */
export async function runLine(
  db: Kysely<any>,
  line: string,
  colors: Colors,
): Promise<LineAnswer> {
  const text = line.trim().replace(/;$/, "");
  if (!isCode(text)) return answerOf(await db.executeQuery(CompiledQuery.raw(text)), colors);
  // It is the user's own line, in the user's own process.
  const value: unknown = new Function("db", "sql", `return (${text});`)(db, sql);
  return await valueOf(db, value, colors);
}

/** Returns true if a line is JavaScript. */
export function isCode(text: string): boolean {
  return /^(?:db\s*\.|sql\s*(?:[.`]|<))/.test(text.trim());
}

async function valueOf(db: Kysely<any>, value: unknown, colors: Colors): Promise<LineAnswer> {
  const given = value as { execute?: unknown; compile?: unknown } | null;
  if (typeof given === "object" && given !== null && typeof given.execute === "function") {
    // A builder runs by itself; a fragment of `sql` needs to be told where.
    const result: unknown = await (given.execute as (on: unknown) => unknown)(db);
    if (isResult(result)) return answerOf(result, colors);
    return plain(result, colors);
  }
  return plain(await value, colors);
}

function isResult(value: unknown): value is QueryResult<unknown> {
  return typeof value === "object" && value !== null && "rows" in value;
}

function plain(value: unknown, colors: Colors): LineAnswer {
  if (Array.isArray(value) && value.every((row) => typeof row === "object" && row !== null)) {
    return answerOf({ rows: value }, colors);
  }
  const shown = (_: string, each: unknown) => typeof each === "bigint" ? String(each) : each;
  return { data: value, text: JSON.stringify(value, shown, 2) ?? "undefined" };
}

function answerOf(result: QueryResult<unknown>, { bold, dim }: Colors): LineAnswer {
  const rows = result.rows as Record<string, unknown>[];
  const changed = result.numAffectedRows;
  if (rows.length === 0) {
    return {
      data: { rows, ...changed === undefined ? {} : { changed: Number(changed) } },
      text: dim(changed === undefined ? "No rows" : `${count(changed)} changed`),
    };
  }
  const columns = Object.keys(rows[0]!);
  return {
    data: { rows },
    text: `${rowsText(rows, columns, bold)}\n${dim(`${count(rows.length)}`)}`,
  };
}

function count(number: number | bigint): string {
  return `${number} ${number == 1 ? "row" : "rows"}`;
}
