import type { CompiledQuery } from "kysely";

/** What a statement does, as far as its result has to be told apart. */
export type StatementKind =
  | "select"
  | "insert"
  | "update"
  | "delete"
  | "with"
  | "transaction"
  | "other";

const SPACE = /\s*/y;
const WORD = /[a-z]+/iy;

/** The kind of a query, by its node, or by its first word where the query is raw SQL. */
export function statementKind(query: CompiledQuery): StatementKind {
  switch (query.query.kind) {
    case "SelectQueryNode":
      return "select";
    case "InsertQueryNode":
      return "insert";
    case "UpdateQueryNode":
      return "update";
    case "DeleteQueryNode":
      return "delete";
    case "RawNode":
      return statementKindOfSql(query.sql);
    default:
      return "other";
  }
}

/** The kind of a statement by its first word. */
export function statementKindOfSql(sql: string): StatementKind {
  switch (firstWord(sql)?.toLowerCase()) {
    case "select":
    case "values":
      return "select";
    case "insert":
    case "replace":
      return "insert";
    case "update":
      return "update";
    case "delete":
      return "delete";
    case "with":
      return "with";
    case "begin":
    case "commit":
    case "end":
    case "savepoint":
    case "release":
      return "transaction";
    default:
      // A rollback belongs here: it may take back a change of the schema.
      return "other";
  }
}

/** The first word behind white space and comments. */
export function firstWord(sql: string): string | undefined {
  let at = 0;
  for (;;) {
    at = endOf(SPACE, sql, at);
    const isLine = sql.startsWith("--", at);
    if (!isLine && !sql.startsWith("/*", at)) break;
    const end = isLine ? sql.indexOf("\n", at) : sql.indexOf("*/", at + 2);
    if (end < 0) return undefined;
    at = end + (isLine ? 1 : 2);
  }
  const end = endOf(WORD, sql, at);
  return end > at ? sql.slice(at, end) : undefined;
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}
