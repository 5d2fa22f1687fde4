import type { CompiledQuery, OperationNode, RootOperationNode, WithNode } from "kysely";
import type { DialectTraits } from "../dialect/mod.ts";
import { statementKind } from "./_statement_kinds.ts";

/**
 * Whether a statement is one that reads and no more, as far as its tree tells.
 *
 * | statement                                       | is                               |
 * | ----------------------------------------------- | -------------------------------- |
 * | SELECT                                          | a read, FOR UPDATE included      |
 * | SELECT with a CTE that is no SELECT             | a write                          |
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
