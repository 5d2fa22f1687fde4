import type { AliasNode, CommonTableExpressionNode, OperationNode, WithNode } from "kysely";
import { QueryRefusedError } from "../contract/errors.ts";
import type { CteScope } from "../tree/_cte_scope.ts";
import { forEachChild } from "../tree/_nodes.ts";
import { tableOfName } from "../tree/_table_name.ts";
import { refuseRawEnd } from "./clauses/_raw.ts";
import { refuseMisplacedNames } from "./_misplaced.ts";
import type { Pass } from "./_pass.ts";
import { visitQuery } from "./_visit_children.ts";

/**
 * Rewrites what a statement of any kind has: its WITH clause, and every child (subqueries in any
 * place). Under `rawSql: "deny"` an end that is raw SQL is refused.
 */
export function rewriteBody<T extends Statement>(node: T, outer: Pass): T {
  if (outer.isPlain(node)) return node;
  refuseRawEnd(node.endModifiers, outer);
  if (node.with === undefined) return visitQuery(node, outer);
  const clause = rewriteWith(node.with, outer);
  const inside = clause === node.with ? node : { ...node, with: clause };
  return visitQuery(inside, passWithin(node, outer), "with");
}

/** Returns the pass for the rest of a statement, which sees the names of its CTEs. */
export function passWithin(node: Statement, outer: Pass): Pass {
  if (node.with === undefined) return outer;
  let { scope } = outer;
  for (const cte of node.with.expressions) {
    scope = { name: outer.rules.cteKey(cteName(cte)), outer: scope };
  }
  return outer.within(scope);
}

interface Statement extends OperationNode {
  readonly with?: WithNode;
  readonly endModifiers?: readonly OperationNode[];
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
function rewriteWith(node: WithNode, pass: Pass): WithNode {
  refuseMisplacedNames(node);
  const { rules, scope: outer } = pass;
  const { visible, visibleInRecursive, visibilityVaries } = rules.traits.ctes;
  const recursive = node.recursive === true;
  const seen = recursive ? visibleInRecursive : visible;
  const names = node.expressions.map((cte) => rules.cteKey(cteName(cte)));

  let before = outer;
  let all = outer;
  for (const name of names) all = { name, outer: all };

  let expressions: OperationNode[] | undefined;
  for (let i = 0; i < node.expressions.length; i++) {
    const cte = node.expressions[i]!;
    const name = names[i]!;
    const scope: CteScope | undefined = seen === "all"
      ? all
      : seen === "itself"
      ? { name, outer: before }
      : before;
    if (visibilityVaries) {
      refuseOuterReference(cte, pass);
      if (recursive) refuseForwardReference(cte, names, i, pass);
    }
    const expression = pass.within(scope).visit(cte.expression);
    if (expression !== cte.expression) {
      expressions ??= node.expressions.slice();
      expressions[i] = { ...cte, expression } as CommonTableExpressionNode;
    }
    before = { name, outer: before };
  }
  return expressions === undefined ? node : { ...node, expressions } as unknown as WithNode;
}

function cteName(cte: CommonTableExpressionNode): string {
  return cte.name.table.table.identifier.name;
}

/** MariaDB's nested WITH does not see the names of the one it is nested in, and MySQL's does. */
function refuseOuterReference(cte: CommonTableExpressionNode, pass: Pass): void {
  for (let s = pass.scope; s !== undefined; s = s.outer) {
    if (!mentions(cte.expression, s.name, pass)) continue;
    if (!pass.isGuarded(s.name, undefined)) continue;
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
  pass: Pass,
): void {
  for (let i = index + 1; i < names.length; i++) {
    const name = names[i]!;
    if (mentions(cte.expression, name, pass) && pass.isGuarded(name, undefined)) {
      throw new QueryRefusedError(
        `Cannot tell table "${name}" from the common table expression of that name, which is ` +
          `defined later; rename the common table expression`,
        "AMBIGUOUS_NAME",
        name,
      );
    }
  }
}

/** Returns true if a query reads a table of this name, which no CTE of its own hides. */
function mentions(node: OperationNode, name: string, pass: Pass): boolean {
  const { with: clause } = node as OperationNode & { with?: WithNode };
  const { rules } = pass;
  const hides = clause?.expressions.some((cte) => rules.cteKey(cteName(cte)) === name) === true;
  if (hides) return false;
  if (node.kind === "FromNode" || node.kind === "JoinNode" || node.kind === "UsingNode") {
    const { froms, table, tables } = node as OperationNode & {
      froms?: readonly OperationNode[];
      table?: OperationNode;
      tables?: readonly OperationNode[];
    };
    const items = froms ?? tables ?? (table === undefined ? [] : [table]);
    if (items.some((item) => isTable(item, name, pass))) return true;
  }
  let found = false;
  forEachChild(node, (child) => {
    found ||= mentions(child, name, pass);
  });
  return found;
}

function isTable(item: OperationNode, name: string, { rules }: Pass): boolean {
  const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  const table = tableOfName(node, rules.traits)?.table;
  return table !== undefined && table.schema === undefined &&
    rules.cteKey(table.identifier.name) === name;
}
