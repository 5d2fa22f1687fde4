import type {
  CompiledQuery,
  OperationNode,
  RootOperationNode,
  SchemableIdentifierNode,
  WithNode,
} from "kysely";
import type { TableId } from "../contract/table_scope.ts";
import type { DialectTraits } from "../dialect/mod.ts";
import { statementKind } from "./_statement_kinds.ts";

/**
 * Whether a statement is one that reads and no more, as far as its tree tells.
 *
 * | statement                                       | is                               |
 * | ----------------------------------------------- | -------------------------------- |
 * | SELECT                                          | a read, FOR UPDATE included      |
 * | SELECT with a CTE that is not a SELECT             | a write                          |
 * | EXPLAIN without options                         | a read, whatever it explains     |
 * | EXPLAIN with options, such as ANALYZE           | as what it explains              |
 * | raw SQL, DDL and everything else                | a write, as nobody can tell      |
 */
export function isRead(node: RootOperationNode): boolean {
  if (statementKind(node.kind) === "select") {
    const { with: clause } = node as { with?: WithNode };
    if (clause === undefined) return true;
    return explainsOnly(node) || !writesInWith(clause);
  }
  return explainsOnly(node);
}

function explainsOnly(node: OperationNode): boolean {
  const { explain } = node as { explain?: { options?: unknown } };
  return explain !== undefined && explain.options === undefined;
}

function writesInWith(clause: WithNode): boolean {
  return clause.expressions.some(({ expression }) => {
    if (statementKind(expression.kind) !== "select") return true;
    const { with: inner } = expression as { with?: WithNode };
    return inner !== undefined && writesInWith(inner);
  });
}

/** Whether a statement that ran has ended the transaction without saying so, as MySQL's DDL does. */
export function commits({ query, sql }: CompiledQuery, { transactions }: DialectTraits): boolean {
  const { implicitCommit } = transactions;
  if (implicitCommit === undefined) return false;
  switch (statementKind(query.kind)) {
    case "schema":
    case "raw":
    case undefined:
      return implicitCommit.test(sql);
    default:
      return false;
  }
}

/** Statements of raw SQL that change what tables and views there are. */
const CHANGES =
  /^\s*(?:alter|rename|(?:create|drop)\s+(?:(?:or\s+replace|temp|temporary|global|local|unlogged|foreign|virtual|materialized|recursive)\s+)*(?:table|view|schema|database))\b/i;

/** Returns true for a statement that may change what the catalog says of tables. */
export function changesSchema({ query, sql }: CompiledQuery): boolean {
  switch (statementKind(query.kind)) {
    case "schema":
      return true;
    case "raw":
      return CHANGES.test(sql);
    default:
      return false;
  }
}

/** Returns the table or view that a statement about the schema names; `undefined` where it may be any. */
export function changedTable({ query }: CompiledQuery): TableId | undefined {
  const { table, name } = query as {
    table?: { table?: SchemableIdentifierNode };
    name?: SchemableIdentifierNode;
  };
  const found = table?.table ?? name;
  if (found?.kind !== "SchemableIdentifierNode") return undefined;
  // A table that is given another name is known by both.
  if (query.kind === "AlterTableNode" && "renameTo" in query) return undefined;
  return { name: found.identifier.name, schema: found.schema?.name };
}
