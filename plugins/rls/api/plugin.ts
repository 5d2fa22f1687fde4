import type { PluginHooks, PluginHost } from "@kysera/executor";
import type { Kysely } from "kysely";
import { RLSHooks } from "../enforce/_hooks.ts";
import { SchemaRelations } from "../policy/_schema_relations.ts";
import { PolicyRegistry } from "../policy/policy_registry.ts";
import { extend } from "./_repository.ts";
import { PLUGIN_NAME, readOptions, type Settings } from "../enforce/_settings.ts";
import { Tables } from "../enforce/_tables.ts";
import type { RLSOptions } from "../contract/options.ts";
import type { RLSPlugin } from "../contract/repository_methods.ts";

/**
 * Keeps every query of an executor to the policies of a schema: a SELECT sees the rows that its
 * caller may read, an UPDATE and a DELETE touch those that he may change, and no row is written that
 * he may not write.
 *
 * The caller is who is bound to the instance, `bindContext(executor, { auth })`, or whom the option
 * `contextProvider` names. Raw SQL is refused, as no policy could be kept in it.
 *
 * @param options see {@linkcode RLSOptions}
 * @returns the plugin, for `createExecutor`. For `createExecutorSync` and `wrapTransaction` as well;
 * but views, which are refused unless they have policies or are skipped, are only known to the former
 * @throws {PluginValidationError} where an option is unknown or has a value it cannot have
 * @throws {RLSSchemaError} where the schema is wrong
 *
 * @example
 * ```ts
 * import { nodeSqliteDialect } from "@kysera/dialects";
 * import { bindContext, createExecutor } from "@kysera/executor";
 * import { defineRLSSchema, filter, rlsPlugin } from "@kysera/rls";
 * import { Kysely } from "kysely";
 * import assert from "node:assert/strict";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const database = new DatabaseSync(":memory:");
 * database.exec("create table posts (id integer primary key, tenant_id integer, title text)");
 * database.exec("insert into posts (tenant_id, title) values (1, 'Ours'), (2, 'Theirs')");
 *
 * interface Database {
 *   posts: { id: number; tenant_id: number; title: string };
 * }
 * const db = new Kysely<Database>({ dialect: nodeSqliteDialect({ database }) });
 * const schema = defineRLSSchema<Database>({
 *   posts: { policies: [filter("all", (ctx) => ({ tenant_id: ctx.auth.tenantId }))] },
 * });
 * const executor = await createExecutor(db, [rlsPlugin({ schema })]);
 *
 * const ours = bindContext(executor, { auth: { userId: 7, roles: [], tenantId: 1 } });
 * assert.deepEqual(await ours.selectFrom("posts").select("title").execute(), [{ title: "Ours" }]);
 * await ours.deleteFrom("posts").execute();
 * assert.deepEqual(await db.selectFrom("posts").select("title").execute(), [{ title: "Theirs" }]);
 * await assert.rejects(executor.selectFrom("posts").selectAll().execute(), /no security context/);
 * await db.destroy();
 * ```
 */
export function rlsPlugin(options: RLSOptions): RLSPlugin {
  const settings = readOptions(options);
  return {
    name: PLUGIN_NAME,
    version: "0.9.0",
    priority: 1000,
    extendRepository: extend,
    extendsAlike: true,
    setup(host: PluginHost): PluginHooks | Promise<PluginHooks> {
      if (host.canWait) return lookAround(host, settings);
      new SchemaRelations(settings.schema).mustKnowAll(
        "make the executor with createExecutor(), for foreign keys",
      );
      return new RLSHooks(host, settings, tablesOf(host, settings));
    },
  };
}

function tablesOf(host: PluginHost, settings: Settings): Tables {
  const { registry, skipTables, unlistedTables } = settings;
  return new Tables(host, registry, skipTables, unlistedTables);
}

/**
 * What a view reads is not seen: whether a relation is one has to be known, and the columns of a
 * table some of which may not be read. Others than the tables of the schema are looked up when a
 * query names them.
 */
async function lookAround(host: PluginHost, given: Settings): Promise<RLSHooks> {
  const settings = await withRelations(host, given);
  const tables = tablesOf(host, settings);
  for (const relation of await host.relations(tables.named())) tables.addRelation(relation);
  tables.checkKeys();
  return new RLSHooks(host, settings, tables);
}

/** The settings with the relations that foreign keys make, where a policy may follow one of them. */
async function withRelations(host: PluginHost, settings: Settings): Promise<Settings> {
  if (!new SchemaRelations(settings.schema).mayNeedForeignKeys()) return settings;
  const [{ readForeignKeys }, { withKeyRelations }] = await Promise.all([
    import("../enforce/_foreign_keys.ts"),
    import("../enforce/_key_relations.ts"),
  ]);
  const db: Kysely<any> = host.db;
  const keys = await readForeignKeys(db.withoutPlugins(), host.dialect);
  const schema = withKeyRelations(settings.schema, keys, (name) => host.physicalName(name));
  const registry = new PolicyRegistry(schema);
  new SchemaRelations(schema).mustKnowAll("give the table a foreign key");
  return { ...settings, schema, registry };
}
