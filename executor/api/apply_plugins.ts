import {
  expressionBuilder,
  ExpressionWrapper,
  type OperationNode,
  type SqlBool,
  TableNode,
  ValueNode,
  type WhereNode,
} from "kysely";
import { callHook } from "../contract/_call_hook.ts";
import { filterNode } from "../hooks/_validate_results.ts";
import { Reference } from "../tree/_table_reference.ts";
import { PluginHookError, PluginValidationError, QueryRefusedError } from "../contract/errors.ts";
import type {
  DialectName,
  HookContext,
  Plugin,
  QueryBlock,
  QueryBuilderContext,
} from "../contract/plugin.ts";
import { nodeOfSource } from "../tree/_nodes.ts";
import { operandOfAnd } from "../tree/_predicate.ts";
import { validatePlugins } from "../contract/validate_plugins.ts";

/** The block that a builder makes, and the dialect it is for. */
export type AppliedBlock = QueryBuilderContext & { readonly dialect?: DialectName };

/**
 * Applies plugins to one builder by hand, for a Kysely that is not an executor: `interceptQuery` of
 * each, and the `filter` of those that have one. Only the block's own table is seen: on an executor
 * every table of every block is.
 *
 * @param builder a query builder of Kysely
 * @param plugins the plugins, in the order they are to run in
 * @param context the block: `operation`, `table`, and `metadata`
 * @returns the builder that the last plugin gave
 * @throws {PluginHookError} where a hook throws
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { applyPlugins, type Plugin } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { equal } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * const visible: Plugin = {
 *   name: "visible",
 *   version: "1.0.0",
 *   filter: (users, { eb }) => eb(users.column("hidden"), "=", 0),
 * };
 * const query = applyPlugins(db.selectFrom("users").selectAll(), [visible], {
 *   operation: "select",
 *   table: "users",
 *   metadata: {},
 * });
 * equal(query.compile().sql, `select * from "users" where "users"."hidden" = ?`);
 * ```
 */
export function applyPlugins<QB extends object>(
  builder: QB,
  plugins: readonly Plugin[],
  context: AppliedBlock,
): QB {
  validatePlugins(plugins);
  // A builder is a query block; which of the block's methods it has is its statement's business.
  let out = builder as unknown as QueryBlock;
  for (const plugin of plugins) {
    if (plugin.setup !== undefined) {
      throw new PluginValidationError(
        `Cannot apply plugin "${plugin.name}" by hand: it has to know the database; use ` +
          "createExecutor(db, plugins)",
        "INITIALIZATION_FAILED",
        { pluginName: plugin.name },
      );
    }
    if (plugin.interceptQuery !== undefined) out = interceptBy(plugin, out, context);
    if (!appliesTo(plugin, context)) continue;
    if (plugin.rewriteDelete !== undefined) refuseDelete(plugin, context);
    refuseWrites(plugin, context);
    if (plugin.filter !== undefined) out = filterBy(plugin, out, context);
  }
  return out as unknown as QB;
}

function interceptBy(plugin: Plugin, block: QueryBlock, context: QueryBuilderContext): QueryBlock {
  const closed = closeWhere(block);
  const answer = callHook(
    plugin.name,
    "interceptQuery",
    () => plugin.interceptQuery!(closed, context),
  );
  if (callHook(plugin.name, "interceptQuery", () => nodeOfSource(answer)) === undefined) {
    throw new PluginHookError(
      plugin.name,
      "interceptQuery",
      "it returned something that is not a query; return the builder it was given",
    );
  }
  return answer;
}

function filterBy(plugin: Plugin, block: QueryBlock, context: AppliedBlock): QueryBlock {
  const { operation } = context;
  if (operation === "insert" || operation === "replace") return block;
  if (operation === "merge") {
    throw new QueryRefusedError(
      `Cannot filter a MERGE of table "${context.table}" by hand; use an executor`,
      "UNSUPPORTED",
      context.table,
    );
  }
  const answer = callHook(
    plugin.name,
    "filter",
    () => plugin.filter!(referenceOf(context), hookContextOf(context)),
  );
  if (answer === undefined) return block;
  const predicate = new ExpressionWrapper<any, any, SqlBool>(
    operandOfAnd(filterNode(answer, plugin.name)),
  );
  return closeWhere(block).where(predicate);
}

function appliesTo(plugin: Plugin, { table, schema }: QueryBuilderContext): boolean {
  return callHook(
    plugin.name,
    "appliesTo",
    () => plugin.appliesTo?.({ name: table, schema }) !== false,
  );
}

function refuseDelete(plugin: Plugin, context: AppliedBlock): void {
  if (context.operation !== "delete") return;
  const answer = callHook(
    plugin.name,
    "rewriteDelete",
    () => plugin.rewriteDelete!(referenceOf(context), hookContextOf(context)),
  );
  if (answer === undefined) return;
  throw new QueryRefusedError(
    `Cannot delete from "${context.table}" by hand: plugin "${plugin.name}" ` +
      (answer === "deny" ? "denies it" : "makes an UPDATE of it") + "; use an executor",
    answer === "deny" ? "DELETE_DENIED" : "DELETE_NOT_REWRITABLE",
    context.table,
  );
}

/** What is set on rows, or asked of them, is not to be lost where it cannot be done by hand. */
function refuseWrites(plugin: Plugin, { operation, table }: AppliedBlock): void {
  if (operation === "select" || operation === "delete") return;
  if (plugin.stamp === undefined && plugin.check === undefined) return;
  throw new QueryRefusedError(
    `Cannot write to "${table}" by hand: plugin "${plugin.name}" sets or checks its rows; use an ` +
      "executor",
    "UNSUPPORTED",
    table,
  );
}

function referenceOf({ table, alias, operation }: AppliedBlock): Reference {
  const node = TableNode.create(table);
  const qualifier = alias === undefined ? node : TableNode.create(alias);
  return new Reference({ table: node, qualifier, alias: undefined }, operation, table);
}

function hookContextOf({ dialect, metadata }: AppliedBlock): HookContext {
  const run = {};
  return {
    dialect: dialect ?? "postgres",
    context: undefined,
    metadata,
    eb: expressionBuilder<any, any>(),
    value: (read) => new ExpressionWrapper(ValueNode.create(read(undefined, run))),
    cached: (read) => read(undefined, run),
    pick: (read, take) => new ExpressionWrapper(ValueNode.create(take(read(undefined, run)))),
    once: () => {},
  };
}

/** A raw OR in the builder's WHERE must not swallow what comes to it by AND. */
function closeWhere(block: QueryBlock): QueryBlock {
  const { where } = block.toOperationNode() as OperationNode & { where?: WhereNode };
  const closed = where === undefined ? undefined : operandOfAnd(where.where);
  const { clearWhere } = block as QueryBlock & { clearWhere?: () => QueryBlock };
  if (where === undefined || closed === where.where || clearWhere === undefined) return block;
  return clearWhere.call(block).where(new ExpressionWrapper<any, any, SqlBool>(closed!));
}
