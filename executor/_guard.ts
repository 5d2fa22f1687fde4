import { expressionBuilder, type KyselyPlugin } from "kysely";
import type { Core } from "./_core.ts";
import { Names } from "./_names.ts";
import { callHook, type NamedHooks, TablePlan } from "./_plan.ts";
import type { Attributes, DialectName, HookContext } from "./plugin.ts";

const MOST_PLANS = 10_000;

/** What a handle may see: two handles of the same view may run each other's queries. */
export interface View {
  /** What was bound. */
  readonly context: Attributes | undefined;
  /** The handle's flags. */
  readonly metadata: Attributes;
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
  /** Whether there is nothing to do for any query. */
  readonly idle: boolean;
  readonly tableFunctions: ReadonlySet<string>;
  readonly hookContext: HookContext;
  readonly #names: Names;
  /** Plans by name; `null` for a table that no plugin has anything to say about. */
  readonly #plans = new Map<string, TablePlan | null>();

  /**
   * @param plugins the Kysely plugins that come after the rewriting: they decide what a name means
   */
  constructor(core: Core, view: View, plugins: readonly KyselyPlugin[]) {
    this.core = core;
    this.view = view;
    this.dialect = core.dialect;
    this.deniesRaw = core.rawSql === "deny";
    this.intercepts = core.interceptors.length > 0;
    this.rewritesDeletes = core.hooks.some(({ hooks }) => hooks.rewriteDelete !== undefined);
    this.idle = core.hooks.length === 0 && !this.intercepts && !this.deniesRaw;
    this.tableFunctions = core.tableFunctions;
    this.hookContext = { dialect: core.dialect, ...view, eb: expressionBuilder<any, any>() };
    this.#names = new Names(plugins, core.dialect);
  }

  /** What the plugins do to a table; `undefined` where they have nothing to say. */
  plan(name: string, schema: string | undefined): TablePlan | undefined {
    const key = schema === undefined ? name : `${schema}\0${name}`;
    const known = this.#plans.get(key);
    if (known !== undefined) return known === null ? undefined : known;
    const plan = this.#makePlan(name, schema);
    if (this.#plans.size >= MOST_PLANS) this.#plans.clear();
    this.#plans.set(key, plan ?? null);
    return plan;
  }

  /** What the name of a CTE is compared by. SQLite alone is sure to see no case in it. */
  cteKey(name: string): string {
    return this.dialect === "sqlite" ? this.#names.table(name) : this.#names.physical(name);
  }

  #makePlan(name: string, schema: string | undefined): TablePlan | undefined {
    // A plugin may know the table by the name the query wrote or by the one the database has.
    const spellings = new Set([this.#names.table(name), this.#names.physical(name), name]);
    const hooks = this.core.hooks.filter((named) => {
      const { appliesTo } = named.hooks;
      if (appliesTo === undefined) return true;
      return [...spellings].some((spelling) => applies(named, { name: spelling, schema }));
    });
    return hooks.length === 0 ? undefined : new TablePlan(hooks);
  }
}

function applies(
  { plugin, hooks }: NamedHooks,
  table: { readonly name: string; readonly schema: string | undefined },
): boolean {
  return callHook(plugin, "appliesTo", () => hooks.appliesTo!(table));
}
