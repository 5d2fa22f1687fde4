import {
  AliasNode,
  createQueryId,
  IdentifierNode,
  type OperationNode,
  SelectionNode,
  SelectQueryNode,
  type TableNode,
} from "kysely";
import { bothVariants, type Guard, type Usage } from "./_rules.ts";
import { QueryRefusedError } from "../contract/errors.ts";
import { visit } from "../rewrite/_walk.ts";

/**
 * What a plugin has written keeps to the plugins as well: to what the caller may see, and not to
 * what the handle's flags ask to be shown.
 */
export function keepingToPlugins(written: OperationNode, guard: Guard): OperationNode {
  const plain = guard.withoutFlags;
  return plain === guard
    ? visit(written, undefined, guard)
    : underAnother(guard.usage, plain, () => visit(written, undefined, plain));
}

/** Does something with another guard, and notes what it has used for the first. */
function underAnother<T>(usage: Usage, other: Guard, make: () => T): T {
  const before = { ...other.usage };
  Object.assign(other.usage, { context: false, late: false, moment: false, variants: [] });
  try {
    return make();
  } finally {
    const used = other.usage;
    usage.context ||= used.context;
    usage.late ||= used.late;
    usage.moment ||= used.moment;
    usage.variants = bothVariants(usage.variants, used.variants);
    Object.assign(used, before);
  }
}

/**
 * Puts the tables that a predicate's subqueries read into the schema of the handle, as those of the
 * user's query are: they stand in the selection of a query for as long as Kysely's plugin looks.
 */
export function inSchema(node: OperationNode, guard: Guard): OperationNode {
  let out = node;
  for (const plugin of guard.schemas) {
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

/** The refusal of a predicate whose table a CTE hides. */
export function shadowed(name: string, table: TableNode): QueryRefusedError {
  return new QueryRefusedError(
    `Cannot filter table "${table.table.identifier.name}": its filter reads table "${name}", ` +
      `which a common table expression of the query hides; rename the common table expression`,
    "SHADOWED_TABLE",
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
