import {
  AliasNode,
  type Expression,
  IdentifierNode,
  type KyselyPlugin,
  type RootOperationNode,
  SelectionNode,
  type SelectQueryBuilder,
  SelectQueryNode,
  ValueNode,
} from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import type { Dialect } from "../dialect.ts";

/** Any SELECT; the functions that take one have its types in their own signatures. */
export type AnyQuery = SelectQueryBuilder<any, any, any>;

/** What a query becomes when it is compiled. */
export interface Inspected {
  /** The tree after every plugin of the database: its names are those of the database. */
  readonly node: SelectQueryNode;
  /** What tells the query from others that the same plugins see. */
  readonly queryId: string;
  /** The SQL. */
  readonly sql: string;
  /** The bound values. */
  readonly parameters: readonly unknown[];
}

/** The query with columns put after its order. */
export function orderedBy(
  query: AnyQuery,
  columns: readonly Expression<unknown>[],
  action: string,
): AnyQuery {
  if (typeof query?.orderBy !== "function") throw noQuery(action);
  return columns.reduce<AnyQuery>((built, column) => built.orderBy(column), query);
}

/**
 * Compiles a query and looks at the tree that its SQL was made from. A plugin is the only place
 * where Kysely shows it, and the last one sees what all others made of the query.
 */
export function inspect(query: AnyQuery, action: string): Inspected {
  if (typeof query?.withPlugin !== "function" || typeof query.compile !== "function") {
    throw noQuery(action);
  }
  let node: RootOperationNode | undefined;
  let queryId = "";
  const { sql, parameters } = query.withPlugin(plugin((args) => {
    node = args.node;
    queryId = args.queryId.queryId;
    return args.node;
  })).compile();
  if (node === undefined || !SelectQueryNode.is(node)) {
    throw new BadRequestError(`Cannot ${action}: the query is not a SELECT`);
  }
  return { node, queryId, sql, parameters };
}

/**
 * The same query with another tree, to be run by what the query would have been run by. The tree is
 * one that {@linkcode inspect} gave, with changes: no plugin of the database sees it again.
 */
export function replace(query: AnyQuery, { queryId }: Inspected, node: SelectQueryNode): AnyQuery {
  // Plugins are also asked about names in trees of their own making: those have another id
  return query.withPlugin(
    plugin((args) => args.queryId.queryId === queryId ? node : args.node),
  );
}

const probe = SelectQueryNode.cloneWithSelections(SelectQueryNode.create(), [
  SelectionNode.create(AliasNode.create(ValueNode.create(1), IdentifierNode.create("a"))),
]);

/** Which SQL the query's compiler writes: its marks for identifiers and parameters tell. */
export function dialectOf(query: AnyQuery, inspected: Inspected): Dialect {
  const { sql } = replace(query, inspected, probe).compile();
  if (sql.includes("`")) return "mysql";
  if (sql.includes("$")) return "postgres";
  return sql.includes("@") ? "mssql" : "sqlite";
}

function noQuery(action: string): BadRequestError {
  return new BadRequestError(`Cannot ${action}: the value given is not a query builder`);
}

function plugin(transformQuery: KyselyPlugin["transformQuery"]): KyselyPlugin {
  return { transformQuery, transformResult: ({ result }) => Promise.resolve(result) };
}
