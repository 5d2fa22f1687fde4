import type { AliasNode, CommonTableExpressionNode, OperationNode, WithNode } from "kysely";
import type { Guard } from "../hooks/_rules.ts";
import { QueryRefusedError } from "../contract/errors.ts";
import { forEachChild } from "../tree/_nodes.ts";
import { tableOfName } from "./_reference.ts";
import { visit } from "./_walk.ts";

/** The CTE names that are visible at a place of the query, the nearest first. */
export interface Scope {
  readonly name: string;
  readonly outer: Scope | undefined;
}

/** Whether a name stands for a CTE here. */
export function isCte(scope: Scope | undefined, key: string): boolean {
  for (let s = scope; s !== undefined; s = s.outer) if (s.name === key) return true;
  return false;
}

/** MariaDB sees no letter case in the names of CTEs; MySQL may see it. */
export function refuseOtherCase(scope: Scope, key: string): void {
  for (let s: Scope | undefined = scope; s !== undefined; s = s.outer) {
    if (s.name.toLowerCase() !== key.toLowerCase()) continue;
    throw new QueryRefusedError(
      `Cannot tell table "${key}" from the common table expression "${s.name}", which differs by ` +
        "letter case only; rename the common table expression",
      "AMBIGUOUS_NAME",
      key,
    );
  }
}

/** A WITH clause after its bodies were rewritten, and the scope of the statement it belongs to. */
export interface RewrittenWith {
  readonly node: WithNode;
  readonly scope: Scope | undefined;
}

/**
 * Rewrites the bodies of a WITH clause, each under the names that its dialect lets it see:
 *
 * | dialect              | a body sees                            |
 * | -------------------- | -------------------------------------- |
 * | all                  | the CTEs before it                     |
 * | WITH RECURSIVE       | itself                                 |
 * | SQLite               | itself and every other one             |
 * | PostgreSQL RECURSIVE | itself and every other one             |
 * | SQL Server           | itself (it has no word for RECURSIVE)  |
 *
 * Where MySQL and MariaDB differ from each other (a later CTE under RECURSIVE; from a nested WITH, a
 * CTE of the query round it), the name of a guarded table is refused.
 */
export function rewriteWith(node: WithNode, outer: Scope | undefined, guard: Guard): RewrittenWith {
  const recursive = node.recursive === true;
  const seesAll = guard.dialect === "sqlite" || (guard.dialect === "postgres" && recursive);
  const seesItself = seesAll || recursive || guard.dialect === "mssql";
  const names = node.expressions.map((cte) => guard.cteKey(cteName(cte)));

  let before = outer;
  let all = outer;
  for (const name of names) all = { name, outer: all };

  let expressions: OperationNode[] | undefined;
  for (let i = 0; i < node.expressions.length; i++) {
    const cte = node.expressions[i]!;
    const name = names[i]!;
    const scope = seesAll ? all : seesItself ? { name, outer: before } : before;
    if (guard.dialect === "mysql") {
      refuseOuterReference(cte, outer, guard);
      if (recursive) refuseForwardReference(cte, names, i, guard);
    }
    const expression = visit(cte.expression, scope, guard);
    if (expression !== cte.expression) {
      expressions ??= node.expressions.slice();
      expressions[i] = { ...cte, expression } as CommonTableExpressionNode;
    }
    before = { name, outer: before };
  }
  return {
    node: expressions === undefined ? node : { ...node, expressions } as unknown as WithNode,
    scope: all,
  };
}

function cteName(cte: CommonTableExpressionNode): string {
  return cte.name.table.table.identifier.name;
}

/** MariaDB's nested WITH does not see the names of the one it is nested in, and MySQL's does. */
function refuseOuterReference(
  cte: CommonTableExpressionNode,
  outer: Scope | undefined,
  guard: Guard,
): void {
  for (let s = outer; s !== undefined; s = s.outer) {
    if (guard.plan(s.name, undefined) === undefined) continue;
    if (!mentions(cte.expression, s.name, guard)) continue;
    throw new QueryRefusedError(
      `Cannot tell table "${s.name}" from the common table expression of that name, which a WITH ` +
        "inside a query may not see; rename the common table expression",
      "AMBIGUOUS_NAME",
      s.name,
    );
  }
}

function refuseForwardReference(
  cte: CommonTableExpressionNode,
  names: readonly string[],
  index: number,
  guard: Guard,
): void {
  for (let i = index + 1; i < names.length; i++) {
    const name = names[i]!;
    if (guard.plan(name, undefined) !== undefined && mentions(cte.expression, name, guard)) {
      throw new QueryRefusedError(
        `Cannot tell table "${name}" from the common table expression of that name, which is ` +
          `defined later; rename the common table expression`,
        "AMBIGUOUS_NAME",
        name,
      );
    }
  }
}

/** Whether a query reads a table of this name, which no CTE of its own hides. */
function mentions(node: OperationNode, name: string, guard: Guard): boolean {
  const { with: clause } = node as OperationNode & { with?: WithNode };
  const hides = clause?.expressions.some((cte) => guard.cteKey(cteName(cte)) === name) === true;
  if (hides) return false;
  if (node.kind === "FromNode" || node.kind === "JoinNode" || node.kind === "UsingNode") {
    const { froms, table, tables } = node as OperationNode & {
      froms?: readonly OperationNode[];
      table?: OperationNode;
      tables?: readonly OperationNode[];
    };
    const items = froms ?? tables ?? (table === undefined ? [] : [table]);
    if (items.some((item) => isTable(item, name, guard))) return true;
  }
  let found = false;
  forEachChild(node, (child) => {
    found ||= mentions(child, name, guard);
  });
  return found;
}

function isTable(item: OperationNode, name: string, guard: Guard): boolean {
  const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  const table = tableOfName(node, guard.dialect)?.table;
  return table !== undefined && table.schema === undefined &&
    guard.cteKey(table.identifier.name) === name;
}
