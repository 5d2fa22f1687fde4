import {
  assertKnownOptions,
  ConnectionError,
  detectDialect,
  DIALECTS,
  findDatabaseErrorAsync,
  isKysely,
  isPromise,
  UnsupportedDatabaseError,
} from "@kysera/core";
import type { Kysely } from "kysely";
import { install } from "./_install.ts";
import { physicalNames } from "./_table_catalog.ts";
import { catalogLike, catalogOf, type CatalogSource } from "../instance/_catalog_source.ts";
import { SchemaTemplate } from "../instance/schema_template.ts";
import { runBatch } from "../instance/_batch_parts.ts";
import { NameCheck } from "../instance/_name_check.ts";
import { readForeignKeys } from "../instance/_read_foreign_keys.ts";
import { Relations } from "../instance/_relations.ts";
import { ExecutorState, introspect } from "../instance/_state.ts";
import { type DialectTraits, TRAITS } from "../dialect/mod.ts";
import { isBranded, type KyseraExecutor } from "../instance/executor_type.ts";
import type { PluginCarrier } from "../instance/instance_types.ts";
import { instanceOf, leave } from "../instance/_graft.ts";
import { PluginSet } from "../hooks/_plugin_set.ts";
import { ALL_EXECUTOR_PARTS } from "../instance/_all_executor_parts.ts";
import { type ExecutorParts, loadExecutorParts } from "../instance/_executor_parts.ts";
import type { RequestScope } from "../rewrite/rules.ts";
import { Names } from "../tree/_names.ts";
import type { NamedHooks } from "../contract/_call_hook.ts";
import { ExecutorError, PluginValidationError } from "../contract/errors.ts";
import { type AnyKysely, kyselyOf } from "../contract/any_kysely.ts";
import type { DialectName, Plugin, PluginHooks, PluginHost } from "../contract/plugin.ts";
import { resolvePluginOrder } from "../contract/resolve_plugin_order.ts";
import { validateHooks, validateList } from "../contract/_validate_hooks.ts";

/** Options of `createExecutor`. An option that is not one of these is an error. */
export interface ExecutorConfig {
  /** `false` leaves the plugins out, so that one line switches them off. Default `true`. */
  readonly enabled?: boolean | undefined;
  /**
   * How raw SQL is treated, which no plugin can see into. `"allow"` runs it past the plugins;
   * `"deny"` refuses it, except fragments that name no table. Default `"allow"`, and `"deny"` as
   * soon as a plugin says that it is of no use otherwise.
   */
  readonly rawSql?: "allow" | "deny" | undefined;
  /** Under `"deny"`: functions that may stand where a table is named, as they read no guarded one. */
  readonly tableFunctions?: readonly string[] | undefined;
  /** The family of SQL, where the adapter of a third party's dialect does not tell it. */
  readonly dialect?: DialectName | undefined;
  /**
   * `"catalog"` compares the names of tables and columns in the options of plugins with the
   * database; one that it does not have is an error, unless the database is empty. `"off"` takes
   * them at their word. Default `"catalog"`.
   */
  readonly check?: "catalog" | "off" | undefined;
  /**
   * How long, in ms, a query waits for a connection while nothing runs on those that transactions,
   * streams and `connection()` of the executor hold: then it fails with a `ConnectionHeldError`, as a
   * query on the executor inside of one of its transactions does on a database with one connection.
   * `Infinity` waits for ever. Default 5,000.
   */
  readonly acquireTimeout?: number | undefined;
  /**
   * For an executor of one schema among many that are alike, such as `db.withSchema("tenant_7")`:
   * the schema that stands for all of them. What plugins ask about tables is read of that one, once
   * for all executors that are given the same object, and other schemas are not read. See
   * `schemaTemplate()`.
   */
  readonly template?: SchemaTemplate | undefined;
}

const OPTIONS: readonly string[] = [
  "enabled",
  "rawSql",
  "tableFunctions",
  "dialect",
  "check",
  "acquireTimeout",
  "template",
];
const NO_SCOPE: RequestScope = Object.freeze({
  context: undefined,
  metadata: Object.freeze({}),
  memo: undefined,
});

/** Does what `createExecutor()` does. */
export async function create<
  DB,
  const P extends readonly Plugin[],
  const Q extends readonly Plugin[] = readonly [],
>(
  db: AnyKysely<DB> & PluginCarrier<Q>,
  plugins?: P,
  options: ExecutorConfig = {},
): Promise<KyseraExecutor<DB, readonly [...Q, ...P]>> {
  const plan = prepare(kyselyOf(db), plugins ?? [], options, true);
  if (options.template !== undefined && (await plan.host.relations()).length === 0) {
    // Plugins that look for tables would find none, and guard none.
    throw new ExecutorError(
      `Cannot create an executor: schema "${options.template.schema}" is a template without tables; ` +
        "migrate it first",
      "INVALID_OPTION",
    );
  }
  const hooks: NamedHooks[] = [];
  for (const plugin of plan.own) {
    const made = await start(plugin, () => plugin.setup?.(plan.host));
    hooks.push(...hooksOf(plugin, made));
  }
  const parts = await loadExecutorParts(plan.rulesFor(hooks));
  const executor = assemble<DB, readonly [...Q, ...P]>(db, plan, hooks, parts);
  const started: Plugin[] = [];
  for (const plugin of plan.own) {
    try {
      await start(plugin, () => plugin.onInit?.(executor));
    } catch (error) {
      throw await undo(started, executor, error);
    }
    started.push(plugin);
  }
  try {
    await instanceOf(executor)?.state.checkNames(plan.host.db);
  } catch (error) {
    throw await undo(started, executor, error);
  }
  return executor;
}

/**
 * Creates an executor at once, of plugins that need not ask the database. `onInit` is not called.
 *
 * @param db the database
 * @param plugins the plugins
 * @param options see {@linkcode ExecutorConfig}
 * @returns the executor
 * @throws {PluginValidationError} as createExecutor() does, and where a plugin cannot be set up
 * without waiting: soft delete without a list of tables
 * @throws {ExecutorError} as createExecutor() does
 *
 * @example
 * ```ts
 * import { createExecutorSync } from "@kysera/executor";
 * import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
 *
 * const db = new Kysely<{ users: { id: number } }>({
 *   dialect: {
 *     createAdapter: () => new SqliteAdapter(),
 *     createDriver: () => new DummyDriver(),
 *     createIntrospector: (db) => new SqliteIntrospector(db),
 *     createQueryCompiler: () => new SqliteQueryCompiler(),
 *   },
 * });
 * const executor = createExecutorSync(db, []);
 * executor.selectFrom("users").selectAll().compile();
 * ```
 */
export function createExecutorSync<
  DB,
  const P extends readonly Plugin[],
  const Q extends readonly Plugin[] = readonly [],
>(
  db: AnyKysely<DB> & PluginCarrier<Q>,
  plugins?: P,
  options: ExecutorConfig = {},
): KyseraExecutor<DB, readonly [...Q, ...P]> {
  const plan = prepare(kyselyOf(db), plugins ?? [], options, false);
  return assemble<DB, readonly [...Q, ...P]>(db, plan, setUpSync(plan), ALL_EXECUTOR_PARTS);
}

/** What createExecutor() makes an executor from. */
interface Preparation {
  /** The plugins this executor brings, in their order. */
  readonly own: readonly Plugin[];
  readonly host: PluginHost;
  /** Returns the hooks with those of an executor below, and how raw SQL is treated under them. */
  readonly rulesFor: (hooks: readonly NamedHooks[]) => Pick<PluginSet, "hooks" | "rawSql">;
  readonly state: (hooks: readonly NamedHooks[], parts: ExecutorParts) => ExecutorState;
  readonly request: RequestScope;
}

/** Hooks of plugins that must not wait. */
export function setUpSync(plan: Pick<Preparation, "own" | "host">): NamedHooks[] {
  return plan.own.flatMap((plugin) => {
    let hooks: PluginHooks | PromiseLike<PluginHooks> | undefined;
    try {
      hooks = plugin.setup?.(plan.host);
    } catch (error) {
      throw startFailure(plugin, error);
    }
    if (isThenable(hooks)) {
      // Its outcome is of no interest any more; without a handler it would be reported as lost.
      Promise.resolve(hooks).catch(() => {});
      throw new PluginValidationError(
        `Cannot set up plugin "${plugin.name}" without waiting: it has to ask the database; ` +
          `use await createExecutor(), or tell the plugin its tables`,
        "INITIALIZATION_FAILED",
        { pluginName: plugin.name },
      );
    }
    return hooksOf(plugin, hooks);
  });
}

/** Checks what was given, and finds the order. */
export function prepare(
  db: Kysely<any>,
  plugins: readonly Plugin[],
  options: ExecutorConfig,
  canWait: boolean,
): Preparation {
  mustBeKysely(db);
  refuseUnknown(options);
  validateList(plugins);
  const base = instanceOf(db)?.state;
  const inherited = base?.set.plugins ?? [];
  const added = plugins.filter((plugin) => !inherited.includes(plugin));
  const order = resolvePluginOrder(withInherited(added, inherited));
  const own = options.enabled === false ? [] : order.filter((plugin) => added.includes(plugin));

  const dialect = options.dialect ?? base?.set.dialect ?? detectDialect(db);
  // An instance with a schema or Kysely plugins of its own keeps them.
  const rawDb = base === undefined ? db : isBranded(db) ? db.__rawDb : leave(db);
  const names = new Names(db.getExecutor().plugins, TRAITS[dialect].identifiers);
  const tableFunctions = new Set(base?.set.tableFunctions);
  for (const name of options.tableFunctions ?? []) tableFunctions.add(name.toLowerCase());
  const { catalog, foreignKeys } = catalogFor(db, rawDb, TRAITS[dialect], options.template);
  const relations = new Relations(TRAITS[dialect], catalog);
  const rulesFor = (hooks: readonly NamedHooks[]): Pick<PluginSet, "hooks" | "rawSql"> => {
    const denies = base?.set.rawSql === "deny" || deniesRaw(hooks);
    return {
      hooks: [...base?.set.hooks ?? [], ...hooks],
      rawSql: options.rawSql ?? (denies ? "deny" : "allow"),
    };
  };
  const state = (hooks: readonly NamedHooks[], parts: ExecutorParts): ExecutorState => {
    const set = new PluginSet({
      ...rulesFor(hooks),
      plugins: [...inherited, ...own],
      dialect,
      tableFunctions,
      parts: parts.rewrite,
    });
    relations.announce(set.discoverers);
    const unchecked = options.check === "off" ? [] : [new NameCheck(host, hooks, relations)];
    const { acquireTimeout } = options;
    return new ExecutorState({
      set,
      own,
      rawDb,
      relations,
      runBatch,
      runAround: parts.runAround,
      base,
      unchecked,
      acquireTimeout,
    });
  };
  const tables = base === undefined ? once(() => introspect(rawDb)) : () => base.tables();
  const host: PluginHost = {
    dialect,
    db: rawDb,
    canWait,
    check: options.check ?? "catalog",
    tables,
    relations: (tables) =>
      tables === undefined ? relations.all(rawDb) : relations.of(tables, rawDb),
    foreignKeys,
    physicalName: (table) => names.table(table),
    physicalColumn: (column) => names.physicalColumn(column),
  };
  return {
    own,
    host,
    rulesFor,
    state,
    request: instanceOf(db)?.rules.request ?? NO_SCOPE,
  };
}

/** Returns what the executor reads the catalog by. */
function catalogFor(
  db: Kysely<any>,
  rawDb: Kysely<any>,
  traits: DialectTraits,
  template: SchemaTemplate | undefined,
): { catalog: CatalogSource; foreignKeys: PluginHost["foreignKeys"] } {
  if (template === undefined) {
    return { catalog: catalogOf(traits), foreignKeys: () => readForeignKeys(rawDb, traits) };
  }
  const { schema } = physicalNames(db, { name: "t" });
  if (schema === undefined) {
    throw new ExecutorError(
      'Cannot create an executor: option "template" is for a database with a schema; pass ' +
        'db.withSchema("..")',
      "INVALID_OPTION",
    );
  }
  return catalogLike(template, schema, rawDb, traits);
}

/** @throws {ExecutorError} where a value is not a database */
export function mustBeKysely(db: unknown): void {
  if (isKysely(db)) return;
  throw new ExecutorError(
    "Cannot create an executor: the first argument is " +
      (isPromise(db) ? "a promise; await it first" : "not a Kysely instance; pass new Kysely(..)"),
    "INVALID_DATABASE",
  );
}

/** Plugins of an executor below are there for the dependencies of those that come to it. */
function withInherited(added: readonly Plugin[], inherited: readonly Plugin[]): Plugin[] {
  // Two layers may each have one of a name: both apply, and equal predicates are written once. For
  // the order of what is added, one of each name is enough.
  const names = new Set(added.map((plugin) => plugin?.name));
  const below = inherited.filter(({ name }) => {
    const isFirst = !names.has(name);
    names.add(name);
    return isFirst;
  });
  return [...below, ...added];
}

/** @throws {ExecutorError} where an option is unknown, or has a value that it cannot have */
export function refuseUnknown(options: ExecutorConfig): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ExecutorError(
      "Cannot create an executor: the options are not an object; pass { rawSql: .. } or nothing",
      "INVALID_OPTION",
    );
  }
  assertKnownOptions(options, OPTIONS, {
    action: "create an executor",
    makeError: (message) => new ExecutorError(message, "UNKNOWN_OPTION"),
  });
  const { enabled, rawSql, dialect, tableFunctions, check, acquireTimeout, template } = options;
  const isTime = typeof acquireTimeout === "number" && acquireTimeout > 0;
  if (acquireTimeout !== undefined && !isTime) {
    refuse("acquireTimeout", "a number of ms above 0, or Infinity");
  }
  if (template !== undefined && !(template instanceof SchemaTemplate)) {
    refuse("template", "what schemaTemplate() returns");
  }
  if (enabled !== undefined && typeof enabled !== "boolean") refuse("enabled", "true or false");
  if (rawSql !== undefined && rawSql !== "allow" && rawSql !== "deny") {
    refuse("rawSql", '"allow" or "deny"');
  }
  if (check !== undefined && check !== "catalog" && check !== "off") {
    refuse("check", '"catalog" or "off"');
  }
  if (dialect !== undefined && !DIALECTS.includes(dialect)) {
    const names = DIALECTS.map((name) => `"${name}"`);
    refuse("dialect", `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`);
  }
  const isList = Array.isArray(tableFunctions) &&
    tableFunctions.every((name) => typeof name === "string");
  if (tableFunctions !== undefined && !isList) refuse("tableFunctions", "a list of names");
}

function refuse(option: string, wanted: string): never {
  throw new ExecutorError(
    `Cannot create an executor: option "${option}" must be ${wanted}`,
    "INVALID_OPTION",
  );
}

function deniesRaw(hooks: readonly NamedHooks[]): boolean {
  return hooks.some(({ hooks }) => hooks.rawSql === "deny");
}

function hooksOf(plugin: Plugin, made: PluginHooks | undefined): NamedHooks[] {
  const named = [{ plugin: plugin.name, hooks: plugin as PluginHooks }];
  if (made === undefined) return named;
  validateHooks(made, plugin.name);
  return [...named, { plugin: plugin.name, hooks: made }];
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const { then } = (value ?? {}) as Partial<PromiseLike<unknown>>;
  return typeof then === "function";
}

async function start<T>(plugin: Plugin, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const known = await findDatabaseErrorAsync(error);
    throw startFailure(plugin, error, known instanceof ConnectionError ? UNREACHABLE : "");
  }
}

const UNREACHABLE =
  "; plugins ask the database once, when the executor is made: in a module that is loaded where " +
  "there is none, as by the build of a framework, use createExecutor.lazy(..)";

function startFailure(plugin: Plugin, error: unknown, advice = ""): Error {
  if (error instanceof PluginValidationError || error instanceof UnsupportedDatabaseError) {
    return error;
  }
  const why = error instanceof Error ? error.message : String(error);
  return new PluginValidationError(
    `Cannot start plugin "${plugin.name}": ${why}${advice}`,
    "INITIALIZATION_FAILED",
    { pluginName: plugin.name },
    { cause: error },
  );
}

/** Destroys what had started, the last first; gives the error to throw. */
async function undo(
  started: readonly Plugin[],
  executor: Kysely<any>,
  error: unknown,
): Promise<unknown> {
  instanceOf(executor)?.state.destroy();
  const errors: unknown[] = [];
  for (const plugin of [...started].reverse()) {
    try {
      await plugin.onDestroy?.();
    } catch (failure) {
      errors.push(failure);
    }
  }
  if (errors.length === 0 || !(error instanceof PluginValidationError)) return error;
  return new PluginValidationError(error.message, error.type, error.details, {
    cause: new AggregateError([error.cause, ...errors], "Cannot destroy the plugins that started"),
  });
}

function assemble<DB, P extends readonly Plugin[]>(
  db: AnyKysely<DB>,
  plan: Preparation,
  hooks: readonly NamedHooks[],
  parts: ExecutorParts,
): KyseraExecutor<DB, P> {
  // install() puts the marker on; DB is the database of the instance, by the parameter's type.
  return install(kyselyOf(db), plan.state(hooks, parts), plan.request) as unknown as KyseraExecutor<
    DB,
    P
  >;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
