import { expressionBuilder, type KyselyPlugin, type QueryExecutor } from "kysely";
import { isCatalog } from "../tree/_catalog.ts";
import type { Core } from "../instance/_state.ts";
import { type Caller, LateValue } from "../tree/_deferred_parameter.ts";
import { Names } from "../tree/_names.ts";
import { callHook } from "./_validate_results.ts";
import { type NamedHooks, TablePlan } from "./_table_rules.ts";
import type { Attributes, DialectName, HookContext } from "../contract/plugin.ts";
import { isSchemaPlugin } from "../tree/_schema_plugin.ts";

const MOST_PLANS = 10_000;
const NO_FLAGS: Attributes = Object.freeze({});

/** What a handle may see: two handles of the same view may run each other's queries. */
export interface View {
  /** What was bound. */
  readonly context: Attributes | undefined;
  /** The handle's flags. */
  readonly metadata: Attributes;
}

/** What the rewriting of a query has used, and so what its result depends on. */
export interface Usage {
  /** A hook looked at the context: the result is good for this context only. */
  context: boolean;
  /** A hook's answer may be another one next time: the result is good for this time only. */
  moment: boolean;
  /** The result may hold values that are read when the query runs. */
  late: boolean;
  /** What hooks have read of the context: the result is good where they would read the same. */
  variants: readonly Variant[];
}

/** What a hook has read of a context. */
export interface Variant {
  /** Reads it of any context. */
  readonly read: (context: Attributes | undefined, run: object) => unknown;
  /** What it was. */
  readonly value: unknown;
}

/** Contexts that were found to be good for a list of variants; each is frozen. */
const GOOD: WeakMap<readonly Variant[], WeakSet<object>> = new WeakMap();

/** Whether a context is one that the hooks would read the same of. */
export function sameVariants(
  variants: readonly Variant[],
  context: Attributes | undefined,
  run: object,
): boolean {
  if (variants.length === 0) return true;
  let good = GOOD.get(variants);
  if (context !== undefined && good?.has(context) === true) return true;
  for (const { read, value } of variants) if (!Object.is(read(context, run), value)) return false;
  if (context !== undefined) {
    if (good === undefined) GOOD.set(variants, good = new WeakSet());
    good.add(context);
  }
  return true;
}

/** Both lists, without what is there twice. */
export function bothVariants(a: readonly Variant[], b: readonly Variant[]): readonly Variant[] {
  if (a.length === 0) return b;
  const added = b.filter((each) => !a.some(({ read }) => read === each.read));
  return added.length === 0 ? a : [...a, ...added];
}

/** What handles of the same flags and the same Kysely plugins share. */
interface Shared {
  readonly names: Names;
  /** Plans by name; `null` for a table that no plugin has anything to say about. */
  readonly plans: Map<string, TablePlan | null>;
}

/** The plugins of an executor, as they apply to the queries of one handle. */
export class Guard {
  readonly core: Core;
  readonly view: View;
  readonly dialect: DialectName;
  readonly deniesRaw: boolean;
  /** Whether some plugin intercepts query blocks. */
  readonly intercepts: boolean;
  /** Whether some plugin has its say about DELETE. */
  readonly rewritesDeletes: boolean;
  /** Whether some plugin stamps or checks what is written. */
  readonly writes: boolean;
  /** Whether some plugin masks columns. */
  readonly masks: boolean;
  /** Whether there is nothing to do for any query. */
  readonly idle: boolean;
  readonly tableFunctions: ReadonlySet<string>;
  readonly hookContext: HookContext;
  /** What was used since somebody last looked. */
  readonly usage: Usage = { context: false, moment: false, late: false, variants: [] };
  /** Whether the handle has flags: then even what they left as it was must be told by its mark. */
  readonly hasFlags: boolean;
  /** The Kysely plugins that put unqualified tables into the handle's schema. */
  readonly schemas: readonly KyselyPlugin[];
  /** The Kysely plugins that come after the rewriting. */
  readonly plugins: readonly KyselyPlugin[];
  /** The hook that is being asked, for errors. */
  caller: Caller = { plugin: "", hook: "" };
  /** Set while a plan is compiled: its late values are read when it runs. */
  planning = false;
  #run: object | undefined;
  /** Whether a plan's checks of values that it is given later are left to when it is bound. */
  defers = true;
  readonly #shared: Shared;
  #plain: Guard | undefined;

  private constructor(
    core: Core,
    view: View,
    schemas: readonly KyselyPlugin[],
    plugins: readonly KyselyPlugin[],
    shared: Shared,
  ) {
    this.schemas = schemas;
    this.core = core;
    this.view = view;
    this.dialect = core.dialect;
    this.deniesRaw = core.rawSql === "deny";
    this.intercepts = core.interceptors.length > 0;
    this.rewritesDeletes = core.hooks.some(({ hooks }) => hooks.rewriteDelete !== undefined);
    this.writes = core.hooks.some(({ hooks }) =>
      hooks.stamp !== undefined || hooks.check !== undefined || hooks.mask !== undefined
    );
    this.masks = core.hooks.some(({ hooks }) => hooks.mask !== undefined);
    this.idle = core.hooks.length === 0 && !this.intercepts && !this.deniesRaw;
    this.tableFunctions = core.tableFunctions;
    this.hookContext = new GuardContext(this);
    this.hasFlags = Object.keys(view.metadata).length > 0;
    this.plugins = plugins;
    this.#shared = shared;
  }

  /** The guard for a view over an executor's Kysely plugins, which decide what a name means. */
  static over(inner: QueryExecutor, core: Core, view: View): Guard {
    const plugins = inner.plugins.filter((plugin) => !isSchemaPlugin(plugin));
    const names = new Names(plugins, core.dialect);
    const schemas = inner.plugins.filter(isSchemaPlugin);
    return new Guard(core, view, schemas, plugins, { names, plans: new Map() });
  }

  /** The same plugins for another view; what does not depend on the view is shared. */
  for(view: View): Guard {
    const { names, plans } = this.#shared;
    const sameFlags = view.metadata === this.view.metadata;
    return new Guard(this.core, view, this.schemas, this.plugins, {
      names,
      plans: sameFlags ? plans : new Map(),
    });
  }

  /** Stands for the run of a query that it is rewritten for; made when somebody asks for it. */
  get run(): object {
    return this.#run ??= {};
  }

  /** Begins to rewrite for another run, or for the same one as another guard. */
  startRun(run?: object): void {
    this.#run = run;
  }

  /** The same context without flags: what a plugin's own subqueries are rewritten by. */
  get withoutFlags(): Guard {
    if (!this.hasFlags) return this;
    this.#plain ??= this.for({ context: this.view.context, metadata: NO_FLAGS });
    this.#plain.startRun(this.run);
    return this.#plain;
  }

  /** Stands for all handles that the same plan may serve, but for their contexts. */
  get family(): object {
    return this.#shared.plans;
  }

  /** What the plugins do to a table; `undefined` where they have nothing to say. */
  plan(name: string, schema: string | undefined): TablePlan | undefined {
    const key = schema === undefined ? name : `${schema}\0${name}`;
    const { plans } = this.#shared;
    const known = plans.get(key);
    if (known !== undefined) return known === null ? undefined : known;
    const plan = this.#makePlan(name, schema);
    if (plans.size >= MOST_PLANS) plans.clear();
    plans.set(key, plan ?? null);
    return plan;
  }

  /** What columns are compared by. */
  columnKey(name: string): string {
    return this.#shared.names.column(name);
  }

  /** The name that a column has in the rows of the database. */
  physicalColumn(name: string): string {
    return this.#shared.names.physicalColumn(name);
  }

  /** The name that the database has for a table. */
  physicalName(name: string): string {
    return this.#shared.names.table(name);
  }

  /** What the name of a CTE is compared by. SQLite alone is sure to see no case in it. */
  cteKey(name: string): string {
    const { names } = this.#shared;
    return this.dialect === "sqlite" ? names.table(name) : names.physical(name);
  }

  #makePlan(name: string, schema: string | undefined): TablePlan | undefined {
    const { names } = this.#shared;
    // A plugin may know the table by the name the query wrote or by the one the database has.
    const spellings = new Set([names.table(name), names.physical(name), name]);
    const hooks = this.core.hooks.filter((named) => {
      const { appliesTo } = named.hooks;
      if (appliesTo === undefined) return !isCatalog(name, schema, this.dialect);
      return [...spellings].some((spelling) => applies(named, { name: spelling, schema }));
    });
    return hooks.length === 0 ? undefined : new TablePlan(names.table(name), hooks);
  }
}

/** What hooks know of the handle; notes who looks at the context. */
class GuardContext implements HookContext {
  readonly dialect: DialectName;
  readonly metadata: Attributes;
  readonly eb: HookContext["eb"] = expressionBuilder<any, any>();
  /** A function of its own, so that a hook may take it out of the context. */
  readonly value: HookContext["value"];
  readonly variant: HookContext["variant"];
  readonly once: HookContext["once"];
  readonly #guard: Guard;

  constructor(guard: Guard) {
    this.value = (read) => {
      guard.usage.late = true;
      return new LateValue(guard.caller, read);
    };
    this.variant = (read) => {
      const { plugin, hook } = guard.caller;
      const variant: Variant = {
        read: (context, run) => callHook(plugin, hook, () => read(context, run)),
        value: callHook(plugin, hook, () => read(guard.view.context, guard.run)),
      };
      guard.usage.variants = [...guard.usage.variants, variant];
      // The value is what the function that reads it gives.
      return variant.value as ReturnType<typeof read>;
    };
    this.once = () => {
      guard.usage.moment = true;
    };
    this.dialect = guard.dialect;
    this.metadata = guard.view.metadata;
    this.#guard = guard;
  }

  get context(): Attributes | undefined {
    this.#guard.usage.context = true;
    return this.#guard.view.context;
  }
}

function applies(
  { plugin, hooks }: NamedHooks,
  table: { readonly name: string; readonly schema: string | undefined },
): boolean {
  return callHook(plugin, "appliesTo", () => hooks.appliesTo!(table));
}
