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

const FIRST_WORD = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*([a-z]+)/i;

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
  switch (FIRST_WORD.exec(sql)?.[1]?.toLowerCase()) {
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
