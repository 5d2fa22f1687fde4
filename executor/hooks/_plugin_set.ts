import type { NamedHooks } from "../contract/_call_hook.ts";
import { HOOKS, TABLE_HOOKS } from "../contract/_hook_table.ts";
import type { DialectName, Plugin, PluginHooks } from "../contract/plugin.ts";
import { type DialectTraits, TRAITS } from "../dialect/mod.ts";

/** The plugins of an executor, and their hooks by what they do. It never changes. */
export class PluginSet {
  /** The plugins, in the order they run in. */
  readonly plugins: readonly Plugin[];
  /** All of their hooks. */
  readonly hooks: readonly NamedHooks[];
  /** Their hooks about tables. */
  readonly tableHooks: readonly NamedHooks[];
  /** The plugins that intercept query blocks. */
  readonly interceptors: readonly Plugin[];
  /** The hooks that run round the execution. */
  readonly arounds: readonly NamedHooks[];
  /** Those of them that run round reads as well. */
  readonly aroundsOfReads: readonly NamedHooks[];
  /** Whether some hook runs round writes, and may read before it lets them through. */
  readonly readsBeforeWrites: boolean;
  /** The hooks that run round streams. */
  readonly streamArounds: readonly NamedHooks[];
  /** The hooks that say whether the caller may change. */
  readonly callers: readonly NamedHooks[];
  /** The hooks that are told of tables that were not known. */
  readonly discoverers: readonly NamedHooks[];
  /** The hooks of plugins that keep copies of rows. */
  readonly keepers: readonly NamedHooks[];
  /** The hooks of plugins with policies. */
  readonly governors: readonly NamedHooks[];
  /** Whether there is nothing to do for any query. */
  readonly idle: boolean;
  readonly rewritesDeletes: boolean;
  /** Whether some plugin assigns, checks or masks columns. */
  readonly writes: boolean;
  readonly masks: boolean;
  readonly dialect: DialectName;
  readonly traits: DialectTraits;
  readonly rawSql: "allow" | "deny";
  readonly tableFunctions: ReadonlySet<string>;

  constructor(props: {
    readonly plugins: readonly Plugin[];
    readonly hooks: readonly NamedHooks[];
    readonly dialect: DialectName;
    readonly rawSql: "allow" | "deny";
    readonly tableFunctions: ReadonlySet<string>;
  }) {
    const having = (...names: (keyof PluginHooks)[]): readonly NamedHooks[] =>
      props.hooks.filter(({ hooks }) => names.some((name) => hooks[name] !== undefined));
    this.plugins = Object.freeze([...props.plugins]);
    this.hooks = props.hooks;
    this.tableHooks = having(...TABLE_HOOKS);
    this.interceptors = props.plugins.filter((plugin) => plugin.interceptQuery !== undefined);
    this.arounds = having("aroundQuery");
    this.aroundsOfReads = this.arounds.filter(({ hooks }) => hooks.around !== "writes");
    this.readsBeforeWrites = this.arounds.length > this.aroundsOfReads.length;
    this.streamArounds = having("aroundStream");
    this.callers = having("callerMayChange");
    this.discoverers = having("discover");
    this.keepers = having("copies");
    this.governors = having("governs");
    this.idle = this.tableHooks.length === 0 && this.interceptors.length === 0 &&
      props.rawSql !== "deny";
    this.rewritesDeletes = having("rewriteDelete").length > 0;
    this.writes = having(...TABLE_HOOKS.filter((hook) => HOOKS[hook].writes)).length > 0;
    this.masks = having("mask").length > 0;
    this.dialect = props.dialect;
    this.traits = TRAITS[props.dialect];
    this.rawSql = props.rawSql;
    this.tableFunctions = props.tableFunctions;
  }

  /** Returns the plugins of both: of this one first. */
  with(other: PluginSet): PluginSet {
    return new PluginSet({
      plugins: [...this.plugins, ...other.plugins.filter((p) => !this.plugins.includes(p))],
      hooks: [...this.hooks, ...other.hooks.filter((h) => !this.hooks.includes(h))],
      dialect: this.dialect,
      rawSql: this.rawSql === "deny" ? "deny" : other.rawSql,
      tableFunctions: new Set([...this.tableFunctions, ...other.tableFunctions]),
    });
  }
}
