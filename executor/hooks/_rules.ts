import type { KyselyPlugin, QueryExecutor } from "kysely";
import { callHook, type NamedHooks } from "../contract/_call_hook.ts";
import type { Attributes, DialectName, Plugin } from "../contract/plugin.ts";
import type { DialectTraits } from "../dialect/mod.ts";
import type { TableId } from "../contract/table_scope.ts";
import type { RewriteParts } from "../rewrite/parts/parts.ts";
import type { Provenance, RequestScope, Rules } from "../rewrite/rules.ts";
import { isCatalog } from "../tree/_catalog.ts";
import type { ContextMemo } from "../tree/_context_memo.ts";
import { Names } from "../tree/_names.ts";
import { isSchemaPlugin } from "../tree/_schema_plugin.ts";
import type { PluginSet } from "./_plugin_set.ts";
import { withCopiesClosed } from "./_copies.ts";
import { isSame } from "./_same_value.ts";
import { PluginTableRules } from "./_table_rules.ts";

const MOST_TABLES = 10_000;
const NO_FLAGS: Attributes = Object.freeze({});

/** The tables and views that an executor knows of. */
export interface KnownRelations {
  /** Counts the times that something was forgotten. */
  readonly version: number;
  /** Returns true if a table needs no look at the catalog, whether or not it is there. */
  knows(table: TableId): boolean;
}

/** What executor instances of the same flags and the same Kysely plugins share. */
interface Shared {
  readonly names: Names;
  /** Rules by name; `null` for a table that no plugin has anything to say about. */
  readonly tables: Map<string, PluginTableRules | null>;
  /** The version of the known relations that the rules are for. */
  version: number;
}

/** What the plugins of an executor say, for one executor instance. It never changes. */
export class PluginRules implements Rules {
  readonly set: PluginSet;
  readonly request: RequestScope;
  /** Whether the instance has flags: then even what they left as it was must tell its provenance. */
  readonly hasFlags: boolean;
  readonly callerMayChange: boolean;
  readonly schemas: readonly KyselyPlugin[];
  /** The Kysely plugins that come after the rewriting. */
  readonly plugins: readonly KyselyPlugin[];
  readonly provenance: Provenance;
  readonly #relations: KnownRelations;
  readonly #shared: Shared;
  #plain: PluginRules | undefined;

  // They are made for each request: what is the same for all of an executor is the set's.

  private constructor(
    set: PluginSet,
    request: RequestScope,
    schemas: readonly KyselyPlugin[],
    plugins: readonly KyselyPlugin[],
    provenance: Provenance,
    relations: KnownRelations,
    shared: Shared,
  ) {
    this.set = set;
    this.request = request;
    this.schemas = schemas;
    this.plugins = plugins;
    this.provenance = provenance;
    this.#relations = relations;
    this.#shared = shared;
    this.callerMayChange = mayChange(set, request.context);
    this.hasFlags = hasMembers(request.metadata);
  }

  get dialect(): DialectName {
    return this.set.dialect;
  }

  get traits(): DialectTraits {
    return this.set.traits;
  }

  get deniesRaw(): boolean {
    return this.set.rawSql === "deny";
  }

  get intercepts(): boolean {
    return this.set.interceptors.length > 0;
  }

  get rewritesDeletes(): boolean {
    return this.set.rewritesDeletes;
  }

  get writes(): boolean {
    return this.set.writes;
  }

  get masks(): boolean {
    return this.set.masks;
  }

  get parts(): RewriteParts {
    return this.set.parts;
  }

  /** Whether there is nothing to do for any query. */
  get idle(): boolean {
    return this.set.idle;
  }

  get interceptors(): readonly Plugin[] {
    return this.set.interceptors;
  }

  get tableFunctions(): ReadonlySet<string> {
    return this.set.tableFunctions;
  }

  /** Whether tables that are not known are looked up. */
  get discovers(): boolean {
    return this.set.discoverers.length > 0;
  }

  /** Whether a query may leave something to be done when it runs. */
  get leaves(): boolean {
    return this.writes || this.callerMayChange || this.discovers;
  }

  /** What hooks have read of the context; `undefined` where they may read another caller's next time. */
  get memo(): ContextMemo | undefined {
    return this.callerMayChange ? undefined : this.request.memo;
  }

  /** Returns the rules over an executor's Kysely plugins, which decide what a name means. */
  static over(
    inner: QueryExecutor,
    set: PluginSet,
    request: RequestScope,
    provenance: Provenance,
    relations: KnownRelations,
  ): PluginRules {
    const plugins = inner.plugins.filter((plugin) => !isSchemaPlugin(plugin));
    const names = new Names(plugins, set.traits.identifiers);
    const schemas = inner.plugins.filter(isSchemaPlugin);
    return new PluginRules(set, request, schemas, plugins, provenance, relations, {
      names,
      tables: new Map(),
      version: relations.version,
    });
  }

  /** Returns the same rules for another request scope; what does not depend on it is shared. */
  for(request: RequestScope): PluginRules {
    const { set, schemas, plugins, provenance } = this;
    const sameFlags = request.metadata === this.request.metadata;
    const shared = sameFlags ? this.#shared : { ...this.#shared, tables: new Map() };
    return new PluginRules(set, request, schemas, plugins, provenance, this.#relations, shared);
  }

  /** Returns true if the plugins know who the callers of two runs are, and that they are the same. */
  isSameCaller(run: object, before: object): boolean {
    const { context } = this.request;
    return this.#callers().every(({ plugin, hooks }) =>
      hooks.callerOf !== undefined &&
      callHook(
        plugin,
        "callerOf",
        () => isSame(hooks.callerOf!(context, run), hooks.callerOf!(context, before)),
      )
    );
  }

  /** Has the plugins read who the caller of a run is, before it has to wait. */
  noteCaller(run: object): void {
    if (!this.callerMayChange) return;
    for (const { hooks } of this.#callers()) {
      try {
        hooks.callerOf?.(this.request.context, run);
      } catch {
        // Whoever asks for the caller later in this run is told.
      }
    }
  }

  /** The plugins that read the caller from elsewhere, under the context of the request scope. */
  #callers(): readonly NamedHooks[] {
    const { context } = this.request;
    return this.set.callers.filter(({ plugin, hooks }) =>
      callHook(plugin, "callerMayChange", () => hooks.callerMayChange!(context))
    );
  }

  get withoutFlags(): PluginRules {
    if (!this.hasFlags) return this;
    return this.#plain ??= this.for({ ...this.request, metadata: NO_FLAGS });
  }

  /** Stands for all executor instances that one prepared query may serve, whatever their contexts. */
  get family(): object {
    return this.#shared.tables;
  }

  /** Counts the times that what is known of tables was forgotten. */
  get version(): number {
    return this.#relations.version;
  }

  /** Returns true if nothing is known of a table, and a plugin is to know of it. */
  isUnknown(table: TableId): boolean {
    return this.discovers && !this.#relations.knows(table) &&
      !isCatalog(table.name, table.schema, this.traits);
  }

  table(name: string, schema: string | undefined): PluginTableRules | undefined {
    const shared = this.#shared;
    if (this.discovers && shared.version !== this.#relations.version) {
      shared.version = this.#relations.version;
      shared.tables.clear();
    }
    const key = schema === undefined ? name : `${schema}\0${name}`;
    const known = shared.tables.get(key);
    if (known === null) return undefined;
    if (known !== undefined) {
      if (known.unknown === undefined || this.isUnknown(known.unknown)) return known;
    }
    const rules = this.#makeTable(name, schema);
    if (shared.tables.size >= MOST_TABLES) shared.tables.clear();
    shared.tables.set(key, rules ?? null);
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

  #makeTable(name: string, schema: string | undefined): PluginTableRules | undefined {
    const { names } = this.#shared;
    // A plugin may know the table by the name the query wrote or by the one the database has.
    const spellings = new Set([names.table(name), names.physical(name), name]);
    const own = this.set.tableHooks.filter((named) => {
      const { appliesTo } = named.hooks;
      if (appliesTo === undefined) return !isCatalog(name, schema, this.traits);
      return [...spellings].some((spelling) => applies(named, { name: spelling, schema }));
    });
    const hooks = withCopiesClosed(
      own,
      [...spellings].map((spelling) => ({ name: spelling, schema })),
      this.set,
      this.request.metadata,
    );
    const table = {
      name: names.physical(name),
      schema: schema === undefined ? undefined : names.physical(schema),
    };
    const unknown = this.isUnknown(table) ? table : undefined;
    return hooks.length === 0 && unknown === undefined
      ? undefined
      : new PluginTableRules(names.table(name), hooks, unknown);
  }
}

/** Whether hooks may read another caller of the same context next time. */
function mayChange(set: PluginSet, context: Attributes | undefined): boolean {
  for (const { plugin, hooks } of set.callers) {
    if (callHook(plugin, "callerMayChange", () => hooks.callerMayChange!(context))) return true;
  }
  return false;
}

function hasMembers(metadata: Attributes): boolean {
  for (const _ in metadata) return true;
  return false;
}

function applies(
  { plugin, hooks }: NamedHooks,
  table: { readonly name: string; readonly schema: string | undefined },
): boolean {
  return callHook(plugin, "appliesTo", () => hooks.appliesTo!(table));
}
