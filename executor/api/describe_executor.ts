import type { Kysely } from "kysely";
import { mustBeInstance } from "../instance/_graft.ts";
import { HOOKS, TABLE_HOOKS } from "../contract/_hook_table.ts";
import { callHook, type NamedHooks } from "../contract/_call_hook.ts";
import type { Attributes, DialectName } from "../contract/plugin.ts";
import { qualifiedTable } from "../contract/relation.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { DialectTraits } from "../dialect/mod.ts";

/** What a plugin does to one table. */
export interface TableEffects {
  /** The table, qualified where the database has schemas. */
  readonly table: string;
  /** What is done, in words. */
  readonly effects: readonly string[];
}

/** A plugin of an executor. */
export interface PluginDescription {
  /** Its name. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Its priority. */
  readonly priority: number;
  /** The tables it does something to. */
  readonly tables: readonly TableEffects[];
  /** What it does to any query, in words. */
  readonly everywhere: readonly string[];
}

/** What a plugin warns of. */
export interface TableWarning {
  /** The plugin. */
  readonly plugin: string;
  /** The table, qualified where the database has schemas. */
  readonly table: string;
  /** What there is to know, in words. */
  readonly warning: string;
}

/** An executor. */
export interface ExecutorDescription {
  /** The family of SQL. */
  readonly dialect: DialectName;
  /** How raw SQL is treated. */
  readonly rawSql: "allow" | "deny";
  /** Whether a context is bound to the instance. */
  readonly hasContext: boolean;
  /** The instance's flags. */
  readonly metadata: Attributes;
  /** The plugins, in the order they run in. */
  readonly plugins: readonly PluginDescription[];
  /**
   * What the plugins warn of, such as tables without policies; left out where no plugin looks for
   * anything.
   */
  readonly warnings?: readonly TableWarning[];
}

/**
 * Describes what an executor does: its plugins in the order they run in, and what each does to each
 * table of the database.
 *
 * @param executor the executor, or any instance of it
 * @returns plain data; the tables are asked of the database once
 * @throws {ExecutorError} where the value is not an executor
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { createExecutor, describeExecutor } from "@kysera/executor";
 * import { Kysely } from "kysely";
 * import { deepEqual } from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const db = new Kysely<{ users: { id: number; hidden: number } }>({
 *   dialect: nodeSqliteDialect({ database: new DatabaseSync(":memory:") }),
 * });
 * await db.schema.createTable("users").addColumn("hidden", "integer").execute();
 * const executor = await createExecutor(db, [{
 *   name: "visible",
 *   version: "1.0.0",
 *   filter: (users, { eb }) => eb(users.column("hidden"), "=", 0),
 * }]);
 * const { plugins } = await describeExecutor(executor);
 * deepEqual(plugins[0]?.tables, [{ table: "users", effects: ["filters rows"] }]);
 * ```
 */
export async function describeExecutor(executor: Kysely<any>): Promise<ExecutorDescription> {
  const { state, rules } = mustBeInstance(executor, "describe the executor");
  const { set } = state;
  const { request } = rules;
  const tables = set.hooks.some(({ hooks }) => actsOnTables(hooks)) ? await state.tables() : [];
  const plugins = set.plugins.map((plugin): PluginDescription => {
    const named = set.hooks.filter((hooks) => hooks.plugin === plugin.name);
    return {
      name: plugin.name,
      version: plugin.version,
      priority: plugin.priority ?? 0,
      everywhere: [
        ...plugin.interceptQuery === undefined ? [] : ["intercepts every query block"],
        ...named.some(({ hooks }) => hooks.aroundQuery && hooks.around !== "writes")
          ? ["runs round every query"]
          : named.some(({ hooks }) => hooks.aroundQuery)
          ? ["runs round every write"]
          : [],
      ],
      tables: tables.flatMap(({ name, schema }) => {
        const effects = named.flatMap((hooks) => effectsOn(hooks, { name, schema }, set.traits));
        const table = qualifiedTable({ name, schema });
        return effects.length === 0 ? [] : [{ table, effects: [...new Set(effects)] }];
      }),
    };
  });
  return {
    dialect: set.dialect,
    rawSql: set.rawSql,
    hasContext: request.context !== undefined,
    metadata: request.metadata,
    plugins,
    ...(set.hooks.some(({ hooks }) => hooks.warn !== undefined)
      ? {
        warnings: tables.flatMap(({ name, schema }) =>
          warningsOf(set.hooks, { name, schema }, set.traits, request.metadata)
        ),
      }
      : {}),
  };
}

function warningsOf(
  hooks: readonly NamedHooks[],
  table: TableId,
  { identifiers }: DialectTraits,
  metadata: Attributes,
): TableWarning[] {
  const folded = { ...table, name: identifiers.foldCase(table.name) };
  // Copies of rows are closed to plain queries, whatever other plugins say.
  const isClosed = hooks.some(({ plugin, hooks }) =>
    callHook(plugin, "copies", () => hooks.copies?.(folded, metadata)) !== undefined
  );
  if (isClosed) return [];
  return hooks.flatMap(({ plugin, hooks }) => {
    const warning = callHook(plugin, "warn", () => hooks.warn?.(folded));
    return warning === undefined ? [] : [{ plugin, table: qualifiedTable(table), warning }];
  });
}

function actsOnTables(hooks: NamedHooks["hooks"]): boolean {
  return hooks.describe !== undefined || hooks.warn !== undefined ||
    TABLE_HOOKS.some((hook) => hooks[hook] !== undefined);
}

function effectsOn(
  { plugin, hooks }: NamedHooks,
  table: { readonly name: string; readonly schema: string | undefined },
  { identifiers }: DialectTraits,
): readonly string[] {
  if (!actsOnTables(hooks)) return [];
  // The table as the database spells it, and as names are compared.
  const folded = identifiers.foldCase(table.name);
  const spellings = folded === table.name ? [table] : [table, { ...table, name: folded }];
  const applies = callHook(
    plugin,
    "appliesTo",
    () => hooks.appliesTo === undefined || spellings.some((t) => hooks.appliesTo!(t)),
  );
  if (!applies) return [];
  if (hooks.describe !== undefined) {
    return callHook(plugin, "describe", () => hooks.describe!(table));
  }
  return TABLE_HOOKS.flatMap((hook) => hooks[hook] === undefined ? [] : HOOKS[hook].effect ?? []);
}
