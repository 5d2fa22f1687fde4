import type { RootOperationNode } from "kysely";

/** What a statement is: a query that rewriting has a rule for, a change of the schema, or raw SQL. */
export type StatementKind = "select" | "insert" | "update" | "delete" | "merge" | "schema" | "raw";

/**
 * Every kind of statement that Kysely makes. What a kind means for rewriting, for hooks and for
 * transactions derives from here; a kind that is not here is refused.
 */
export const STATEMENT_KINDS: Readonly<Record<RootOperationNode["kind"], StatementKind>> = {
  SelectQueryNode: "select",
  InsertQueryNode: "insert",
  UpdateQueryNode: "update",
  DeleteQueryNode: "delete",
  MergeQueryNode: "merge",
  AlterTableNode: "schema",
  AlterTypeNode: "schema",
  CreateIndexNode: "schema",
  CreateSchemaNode: "schema",
  CreateTableNode: "schema",
  CreateTypeNode: "schema",
  CreateViewNode: "schema",
  DropIndexNode: "schema",
  DropSchemaNode: "schema",
  DropTableNode: "schema",
  DropTypeNode: "schema",
  DropViewNode: "schema",
  RefreshMaterializedViewNode: "schema",
  RawNode: "raw",
};

const KINDS: ReadonlyMap<string, StatementKind> = new Map(Object.entries(STATEMENT_KINDS));

/** Returns what a statement is; `undefined` for a kind that this version does not know. */
export function statementKind(kind: string): StatementKind | undefined {
  return KINDS.get(kind);
}
