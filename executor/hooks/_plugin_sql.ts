import {
  AliasNode,
  createQueryId,
  IdentifierNode,
  type OperationNode,
  SelectionNode,
  SelectQueryNode,
  type TableNode,
} from "kysely";
import { QueryRefusedError } from "../contract/errors.ts";
import type { Pass } from "../rewrite/_pass.ts";
import type { NamedCheck, Rules } from "../rewrite/rules.ts";

/**
 * Rewrites what a plugin has written: it is subject to the plugins as well, for what the caller may
 * see, and not for what the flags of the executor instance ask to be shown.
 */
export function subjectToPlugins(written: OperationNode, pass: Pass): OperationNode {
  const { withoutFlags } = pass.rules;
  // A subquery of a plugin sees none of the query's CTEs: a name that one hides is refused before.
  const outside = pass.within(undefined);
  return withoutFlags === pass.rules
    ? outside.visit(written)
    : outside.under(withoutFlags, (pass) => pass.visit(written));
}

/**
 * Puts the tables that a predicate's subqueries read into the schema of the executor instance, as those
 * of the user's query are: they stand in the selection of a query for as long as Kysely's plugin looks.
 */
export function inSchema(node: OperationNode, rules: Rules): OperationNode {
  let out = node;
  for (const plugin of rules.schemas) {
    const selection = SelectionNode.create(AliasNode.create(out, IdentifierNode.create("p")));
    const query = SelectQueryNode.cloneWithSelections(SelectQueryNode.create(), [selection]);
    const { selections } = plugin.transformQuery({
      node: query,
      queryId: createQueryId(),
    }) as SelectQueryNode;
    out = (selections![0]!.selection as AliasNode).node;
  }
  return out;
}

/** The refusal of a filter that reads its own table. */
export function recursive(table: TableNode): QueryRefusedError {
  const name = table.table.identifier.name;
  return new QueryRefusedError(
    `Cannot filter table "${name}": its filter reads "${name}" again, without end; ` +
      `let the filter read another table`,
    "RECURSIVE_FILTER",
    name,
  );
}

/** The refusal of a predicate that uses the name of its own reference. */
export function captured(name: string, table: TableNode): QueryRefusedError {
  return new QueryRefusedError(
    `Cannot filter table "${table.table.identifier.name}" under the name "${name}": a subquery ` +
      `of its filter uses that name as well; choose another alias`,
    "AMBIGUOUS_NAME",
    name,
  );
}

/** The refusal of a check that would be shown the row that it checks. */
export function seesItself(
  { plugin, says }: Pick<NamedCheck, "plugin" | "says">,
  table: TableNode,
): QueryRefusedError {
  const name = table.table.identifier.name;
  return new QueryRefusedError(
    `Cannot check that ${says} (plugin "${plugin}", table "${name}"): the check reads "${name}" ` +
      "itself, directly or through the filters of other tables, and SQLite would show it the rows " +
      "that the statement writes; let the check read other tables",
    "UNCHECKABLE",
    name,
  );
}
