import type { KyselyPlugin, QueryExecutor } from "kysely";
import { callHook, type NamedHooks } from "../contract/_call_hook.ts";
import type { Attributes, DialectName, Plugin } from "../contract/plugin.ts";
import type { DialectTraits } from "../dialect/mod.ts";
import type { Provenance, RequestScope, Rules, TableRules } from "../rewrite/rules.ts";
import { isCatalog } from "../tree/_catalog.ts";
import { Names } from "../tree/_names.ts";
import { isSchemaPlugin } from "../tree/_schema_plugin.ts";
import type { PluginSet } from "./_plugin_set.ts";
import { PluginTableRules } from "./_table_rules.ts";

const MOST_TABLES = 10_000;
const NO_FLAGS: Attributes = Object.freeze({});

/** What executor instances of the same flags and the same Kysely plugins share. */
interface Shared {
  readonly names: Names;
  /** Rules by name; `null` for a table that no plugin has anything to say about. */
  readonly tables: Map<string, TableRules | null>;
}

/** What the plugins of an executor say, for one executor instance. It never changes. */
export class PluginRules implements Rules {
  readonly set: PluginSet;
  readonly request: RequestScope;
  readonly dialect: DialectName;
  readonly traits: DialectTraits;
  readonly deniesRaw: boolean;
  readonly intercepts: boolean;
  readonly rewritesDeletes: boolean;
  readonly writes: boolean;
  readonly masks: boolean;
  /** Whether there is nothing to do for any query. */
  readonly idle: boolean;
  readonly interceptors: readonly Plugin[];
  readonly tableFunctions: ReadonlySet<string>;
  /** Whether the instance has flags: then even what they left as it was must tell its provenance. */
  readonly hasFlags: boolean;
  readonly callerMayChange: boolean;
  readonly schemas: readonly KyselyPlugin[];
  /** The Kysely plugins that come after the rewriting. */
  readonly plugins: readonly KyselyPlugin[];
  readonly provenance: Provenance;
  readonly #shared: Shared;
  #plain: PluginRules | undefined;

  private constructor(
    set: PluginSet,
    request: RequestScope,
    schemas: readonly KyselyPlugin[],
    plugins: readonly KyselyPlugin[],
    provenance: Provenance,
    shared: Shared,
  ) {
    this.set = set;
    this.request = request;
    this.schemas = schemas;
    this.plugins = plugins;
    this.provenance = provenance;
    this.#shared = shared;
    this.dialect = set.dialect;
    this.traits = set.traits;
    this.deniesRaw = set.rawSql === "deny";
    this.interceptors = set.interceptors;
    this.intercepts = set.interceptors.length > 0;
    this.rewritesDeletes = set.rewritesDeletes;
    this.writes = set.writes;
    this.masks = set.masks;
    this.idle = set.tableHooks.length === 0 && !this.intercepts && !this.deniesRaw;
    this.tableFunctions = set.tableFunctions;
    this.callerMayChange = set.callers.some(({ plugin, hooks }) =>
      callHook(plugin, "callerMayChange", () => hooks.callerMayChange!(request.context))
    );
    this.hasFlags = Object.keys(request.metadata).length > 0;
  }

  /** Returns the rules over an executor's Kysely plugins, which decide what a name means. */
  static over(
    inner: QueryExecutor,
    set: PluginSet,
    request: RequestScope,
    provenance: Provenance,
  ): PluginRules {
    const plugins = inner.plugins.filter((plugin) => !isSchemaPlugin(plugin));
    const names = new Names(plugins, set.traits.identifiers);
    const schemas = inner.plugins.filter(isSchemaPlugin);
    return new PluginRules(set, request, schemas, plugins, provenance, {
      names,
      tables: new Map(),
    });
  }

  /** Returns the same rules for another request scope; what does not depend on it is shared. */
  for(request: RequestScope): PluginRules {
    const { names, tables } = this.#shared;
    const sameFlags = request.metadata === this.request.metadata;
    return new PluginRules(this.set, request, this.schemas, this.plugins, this.provenance, {
      names,
      tables: sameFlags ? tables : new Map(),
    });
  }

  get withoutFlags(): PluginRules {
    if (!this.hasFlags) return this;
    return this.#plain ??= this.for({ context: this.request.context, metadata: NO_FLAGS });
  }

  /** Stands for all executor instances that one prepared query may serve, whatever their contexts. */
  get family(): object {
    return this.#shared.tables;
  }

  table(name: string, schema: string | undefined): TableRules | undefined {
    const key = schema === undefined ? name : `${schema}\0${name}`;
    const { tables } = this.#shared;
    const known = tables.get(key);
    if (known !== undefined) return known === null ? undefined : known;
    const rules = this.#makeTable(name, schema);
    if (tables.size >= MOST_TABLES) tables.clear();
    tables.set(key, rules ?? null);
    return rules;
  }

  columnKey(name: string): string {
    return this.#shared.names.column(name);
  }

  physicalColumn(name: string): string {
    return this.#shared.names.physicalColumn(name);
  }

  physicalName(name: string): string {
    return this.#shared.names.table(name);
  }

  cteKey(name: string): string {
    const { names } = this.#shared;
    return this.traits.ctes.nameCase === "folded" ? names.table(name) : names.physical(name);
  }

  #makeTable(name: string, schema: string | undefined): TableRules | undefined {
    const { names } = this.#shared;
    // A plugin may know the table by the name the query wrote or by the one the database has.
    const spellings = new Set([names.table(name), names.physical(name), name]);
    const hooks = this.set.tableHooks.filter((named) => {
      const { appliesTo } = named.hooks;
      if (appliesTo === undefined) return !isCatalog(name, schema, this.traits);
      return [...spellings].some((spelling) => applies(named, { name: spelling, schema }));
    });
    return hooks.length === 0 ? undefined : new PluginTableRules(names.table(name), hooks);
  }
}

function applies(
  { plugin, hooks }: NamedHooks,
  table: { readonly name: string; readonly schema: string | undefined },
): boolean {
  return callHook(plugin, "appliesTo", () => hooks.appliesTo!(table));
}
