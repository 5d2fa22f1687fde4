import { expressionBuilder, ExpressionWrapper, TableNode, ValueNode } from "kysely";
import { callHook, Reference } from "./_plan.ts";
import type { DialectName, Plugin, QueryBlock, QueryBuilderContext } from "./plugin.ts";

/**
 * Applies plugins to one builder by hand, for a Kysely that is no executor: `interceptQuery` of
 * each, and the `filter` of those that have one. Only the block's own table is seen: on an executor
 * every table of every block is.
 *
 * @param builder a query builder of Kysely
 * @param plugins the plugins, in the order they are to run in
 * @param context the block: `operation`, `table`, and `metadata`
 * @returns the builder that the last plugin gave
 * @throws {PluginHookError} where a hook throws
 */
export function applyPlugins<QB extends object>(
  builder: QB,
  plugins: readonly Plugin[],
  context: QueryBuilderContext & { readonly dialect?: DialectName },
): QB {
  const table = TableNode.create(context.table);
  const qualifier = context.alias === undefined ? table : TableNode.create(context.alias);
  const reference = new Reference({ table, qualifier, alias: undefined }, context.operation);
  // A builder is a query block; which of the block's methods it has is its statement's business.
  let out = builder as unknown as QueryBlock;
  for (const plugin of plugins) {
    const { filter, interceptQuery, name } = plugin;
    if (interceptQuery !== undefined) {
      out = callHook(name, "interceptQuery", () => plugin.interceptQuery!(out, context));
    }
    const filters = context.operation !== "insert" && context.operation !== "replace";
    const table = { name: context.table, schema: context.schema };
    if (filter === undefined || !filters || plugin.appliesTo?.(table) === false) continue;
    const predicate = callHook(name, "filter", () =>
      plugin.filter!(reference, {
        dialect: context.dialect ?? "postgres",
        context: undefined,
        metadata: context.metadata,
        eb: expressionBuilder<any, any>(),
        value: (read) => new ExpressionWrapper(ValueNode.create(read(undefined))),
      }));
    if (predicate !== undefined) {
      out = out.where(new ExpressionWrapper(predicate.toOperationNode()));
    }
  }
  return out as unknown as QB;
}
