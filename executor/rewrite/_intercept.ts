import {
  type AliasNode,
  createQueryId,
  createSelectQueryBuilder,
  DeleteQueryBuilder,
  type DeleteQueryNode,
  IdentifierNode,
  InsertQueryBuilder,
  type InsertQueryNode,
  type MergeQueryNode,
  NOOP_QUERY_EXECUTOR,
  type OperationNode,
  type QueryId,
  type RootOperationNode,
  type SelectQueryNode,
  TableNode,
  UpdateQueryBuilder,
  type UpdateQueryNode,
  WheneableMergeQueryBuilder,
  type WhereNode,
} from "kysely";
import { isCatalog } from "../tree/_catalog.ts";
import type { Pass } from "./_pass.ts";
import { callHook } from "../contract/_call_hook.ts";
import { Reference } from "../tree/_table_reference.ts";
import { PluginHookError } from "../contract/errors.ts";
import type { QueryBlock, QueryBuilderContext, QueryOperation } from "../contract/plugin.ts";
import { forEachChild, mapChildren, namesIn, nodeOfSource } from "../tree/_nodes.ts";
import { operandOfAnd } from "../tree/_predicate.ts";
import { tableOfName } from "../tree/_table_name.ts";
import { type CteScope, isCte } from "../tree/_cte_scope.ts";
import type { Rules } from "./rules.ts";
import { refuseShadowed } from "./_shadowed.ts";
import { targetsOf } from "./clauses/_targets.ts";

type Block =
  | SelectQueryNode
  | UpdateQueryNode
  | DeleteQueryNode
  | InsertQueryNode
  | MergeQueryNode;

/** Blocks that an interceptor brought itself: it is not called for them again. */
const broughtBy: WeakMap<OperationNode, ReadonlySet<string>> = new WeakMap();

/**
 * Gives a block to every plugin's `interceptQuery`, as a Kysely builder made from it.
 *
 * A block that names no table (`select 1`, a SELECT from a CTE or a derived table) is left: there is
 * nothing in it that is not intercepted where it is read from a table.
 */
export function intercept<T extends Block>(
  node: T,
  pass: Pass,
): T {
  const scope = scopeOf(node, pass);
  const tables = referencesOf(node, scope, pass);
  const [first] = tables;
  if (first === undefined) return node;
  // What an interceptor adds is its own business, and may be other every time.
  pass.usage.once = true;
  const operation = operationOf(node);
  const context: QueryBuilderContext = {
    operation,
    table: first.table,
    alias: first.alias,
    schema: first.schema,
    metadata: { ...pass.rules.request.metadata },
    ref: (column) => first.column(column),
    tables,
  };
  let out: T = closeWhere(node);
  const own = broughtBy.get(node);
  const queries = new QueriesBelow();
  const queryId = createQueryId();
  for (const plugin of pass.rules.interceptors) {
    if (own?.has(plugin.name)) continue;
    const before = out;
    const builder = builderOf(before, queryId);
    const answer = callHook(
      plugin.name,
      "interceptQuery",
      () => plugin.interceptQuery!(builder, context),
    );
    if (answer === builder) continue;
    out = nodeOf(answer, before, plugin.name);
    if (queries.brought(before, out).length > 0) {
      if (pass.rules.schemas.length > 0) out = inSchema(before, out, pass);
      rememberBrought(queries.brought(before, out), plugin.name, own);
    }
    if (scope === undefined) continue;
    const brought = namesIn(out, (name) => pass.rules.cteKey(name), nodesOf(before));
    refuseShadowed(brought.reads, TableNode.create(first.table), scope);
  }
  return out;
}

/** CTE names of the block's own WITH hide tables as well. */
function scopeOf(node: Block, pass: Pass): CteScope | undefined {
  let { scope } = pass;
  for (const cte of node.with?.expressions ?? []) {
    scope = { name: pass.rules.cteKey(cte.name.table.table.identifier.name), outer: scope };
  }
  return scope;
}

/** A raw OR in the block's own WHERE must not swallow what an interceptor adds by AND. */
function closeWhere<T extends Block>(node: T): T {
  const { where } = node as { where?: WhereNode };
  if (where === undefined) return node;
  const closed = operandOfAnd(where.where);
  return closed === where.where ? node : { ...node, where: { ...where, where: closed } };
}

function operationOf(node: Block): QueryOperation {
  switch (node.kind) {
    case "SelectQueryNode":
      return "select";
    case "UpdateQueryNode":
      return "update";
    case "DeleteQueryNode":
      return "delete";
    case "InsertQueryNode":
      return node.replace === true ? "replace" : "insert";
    case "MergeQueryNode":
      return "merge";
  }
}

function referencesOf(node: Block, scope: CteScope | undefined, { rules }: Pass): Reference[] {
  const operation = operationOf(node);
  const targets = node.kind === "UpdateQueryNode" && node.table !== undefined
    ? targetsOf(node.table)
    : node.kind === "DeleteQueryNode"
    ? node.from.froms
    : (node.kind === "InsertQueryNode" || node.kind === "MergeQueryNode") &&
        node.into !== undefined
    ? [node.into]
    : [];
  const sources: OperationNode[] = [];
  if (node.kind === "SelectQueryNode" || node.kind === "UpdateQueryNode") {
    sources.push(...node.from?.froms ?? []);
  }
  if (node.kind === "DeleteQueryNode") sources.push(...node.using?.tables ?? []);
  if (node.kind === "MergeQueryNode") {
    if (node.using !== undefined) sources.push(node.using.table);
  } else if (node.kind !== "InsertQueryNode") {
    sources.push(...node.joins?.map((join) => join.table) ?? []);
  }
  return [
    ...targets.flatMap((item) => reference(item, operation, undefined, rules)),
    ...sources.flatMap((item) => reference(item, "select", scope, rules)),
  ];
}

function reference(
  item: OperationNode,
  operation: QueryOperation,
  scope: CteScope | undefined,
  rules: Rules,
): Reference[] {
  const node = item.kind === "AliasNode" ? (item as AliasNode).node : item;
  const alias = item.kind === "AliasNode" ? (item as AliasNode).alias : undefined;
  if (alias !== undefined && !IdentifierNode.is(alias)) return [];
  const table = tableOfName(node, rules.traits);
  if (table === undefined) return [];
  const { schema, identifier } = table.table;
  if (isCatalog(identifier.name, schema?.name, rules.traits)) return [];
  if (schema === undefined && isCte(scope, rules.cteKey(identifier.name))) return [];
  const qualifier = alias === undefined ? table : TableNode.create(alias.name);
  return [
    new Reference(
      { table, qualifier, alias },
      operation,
      rules.physicalName(identifier.name),
    ),
  ];
}

function builderOf(node: Block, queryId: QueryId): QueryBlock {
  const props = { queryId, executor: NOOP_QUERY_EXECUTOR };
  // Each builder has the methods of a block that its statement has; a plugin that calls one which
  // the statement has not gets a TypeError, which is told with the plugin's name.
  switch (node.kind) {
    case "SelectQueryNode":
      return createSelectQueryBuilder({ ...props, queryNode: node }) as unknown as QueryBlock;
    case "UpdateQueryNode":
      return new UpdateQueryBuilder({ ...props, queryNode: node }) as unknown as QueryBlock;
    case "DeleteQueryNode":
      return new DeleteQueryBuilder({ ...props, queryNode: node }) as unknown as QueryBlock;
    case "InsertQueryNode":
      return new InsertQueryBuilder({ ...props, queryNode: node }) as unknown as QueryBlock;
    case "MergeQueryNode":
      return new WheneableMergeQueryBuilder({ ...props, queryNode: node }) as unknown as QueryBlock;
  }
}

function nodeOf<T extends Block>(answer: unknown, before: T, plugin: string): T {
  const node = callHook(plugin, "interceptQuery", () => nodeOfSource(answer));
  if (node === undefined) {
    throw new PluginHookError(
      plugin,
      "interceptQuery",
      "it returned something that is not a query; return the builder it was given, or one made from it",
    );
  }
  if (node.kind !== before.kind) {
    throw new PluginHookError(
      plugin,
      "interceptQuery",
      `it was given a ${before.kind} and returned a ${node.kind}; return a query of the same kind`,
    );
  }
  // The kinds are the same.
  return node as T;
}

/** Puts the tables of the queries that an interceptor brought into the schema of the handle. */
function inSchema<T extends Block>(before: T, after: T, pass: Pass): T {
  const known = nodesOf(before);
  const place = (node: OperationNode): OperationNode => {
    if (known.has(node)) return node;
    if (node !== after && node.kind.endsWith("QueryNode")) {
      return pass.rules.schemas.reduce<OperationNode>(
        (query, plugin) =>
          // A query is a root node, wherever it stands.
          plugin.transformQuery({ node: query as RootOperationNode, queryId: createQueryId() }),
        node,
      );
    }
    return mapChildren(node, place);
  };
  // The root is mapped to a node of its own kind.
  return place(after) as T;
}

function nodesOf(root: OperationNode): ReadonlySet<OperationNode> {
  const nodes = new Set<OperationNode>();
  const collect = (node: OperationNode): void => {
    nodes.add(node);
    forEachChild(node, collect);
  };
  collect(root);
  return nodes;
}

function rememberBrought(
  queries: readonly OperationNode[],
  plugin: string,
  own: ReadonlySet<string> | undefined,
): void {
  for (const query of queries) {
    broughtBy.set(query, new Set([...own ?? [], ...broughtBy.get(query) ?? [], plugin]));
  }
}

/** The queries below blocks; blocks that were made of each other share most of their nodes. */
class QueriesBelow {
  readonly #nearest = new Map<OperationNode, readonly OperationNode[]>();

  /** The queries below a block that are not below the one that it was made of. */
  brought(before: OperationNode, after: OperationNode): readonly OperationNode[] {
    if (this.#nearestTo(after).length === 0) return NO_QUERIES;
    const known = this.#all(before);
    return [...this.#all(after)].filter((query) => !known.has(query));
  }

  #all(node: OperationNode): ReadonlySet<OperationNode> {
    const all = new Set(this.#nearestTo(node));
    // A set is walked to what is added meanwhile.
    for (const query of all) for (const below of this.#nearestTo(query)) all.add(below);
    return all;
  }

  /** The queries below a node that are below no other query. */
  #nearestTo(node: OperationNode): readonly OperationNode[] {
    const known = this.#nearest.get(node);
    if (known !== undefined) return known;
    let found: readonly OperationNode[] = NO_QUERIES;
    forEachChild(node, (child) => {
      const below = child.kind.endsWith("QueryNode") ? [child] : this.#nearestTo(child);
      if (below.length > 0) found = found.length === 0 ? below : [...found, ...below];
    });
    this.#nearest.set(node, found);
    return found;
  }
}

const NO_QUERIES: readonly OperationNode[] = [];
