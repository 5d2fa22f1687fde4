import type { NamedHooks } from "../contract/_call_hook.ts";
import { type HookName, HOOKS, TABLE_HOOKS } from "../contract/_hook_table.ts";
import { ExecutorError } from "../contract/errors.ts";
import type { DialectName, Plugin, PluginHooks } from "../contract/plugin.ts";
import { type DialectTraits, TRAITS } from "../dialect/mod.ts";
import type { PartName, RewriteParts } from "../rewrite/parts/parts.ts";

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
  /** The parts of the rewriting that the hooks and the options ask for, and no others. */
  readonly parts: RewriteParts;

  constructor(props: {
    readonly plugins: readonly Plugin[];
    readonly hooks: readonly NamedHooks[];
    readonly dialect: DialectName;
    readonly rawSql: "allow" | "deny";
    readonly tableFunctions: ReadonlySet<string>;
    /** The parts that are loaded: at least those of {@linkcode neededParts}. */
    readonly parts: RewriteParts;
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
    this.parts = only(props.parts, neededParts(props));
  }

  /** Returns the plugins of both: of this one first. */
  with(other: PluginSet): PluginSet {
    return new PluginSet({
      plugins: [...this.plugins, ...other.plugins.filter((p) => !this.plugins.includes(p))],
      hooks: [...this.hooks, ...other.hooks.filter((h) => !this.hooks.includes(h))],
      dialect: this.dialect,
      rawSql: this.rawSql === "deny" ? "deny" : other.rawSql,
      tableFunctions: new Set([...this.tableFunctions, ...other.tableFunctions]),
      parts: { ...this.parts, ...other.parts },
    });
  }
}

/** The hooks that each part of the rewriting is there for. */
const HOOK_PARTS: readonly (readonly [HookName, PartName])[] = [
  ["interceptQuery", "intercept"],
  ["stamp", "assign"],
  ["check", "check"],
  ["mask", "mask"],
];

/** Returns the names of the parts of the rewriting that hooks and the treatment of raw SQL ask for. */
export function neededParts(
  { hooks, rawSql }: Pick<PluginSet, "hooks" | "rawSql">,
): readonly PartName[] {
  const names = HOOK_PARTS
    // The members of a plugin are among them, and not only those that setup() may return.
    .filter(([hook]) => hooks.some(({ hooks }) => (hooks as Partial<Plugin>)[hook] !== undefined))
    .map(([, part]) => part);
  return rawSql === "deny" ? [...names, "raw"] : names;
}

/** @throws {ExecutorError} where a part is not loaded: without it, rows would not be guarded */
function only(parts: RewriteParts, names: readonly PartName[]): RewriteParts {
  const missing = names.find((name) => parts[name] === undefined);
  if (missing !== undefined) {
    throw new ExecutorError(
      `Cannot create an executor: the rules for "${missing}" are not loaded`,
      "INVALID_OPTION",
    );
  }
  return Object.freeze(Object.fromEntries(names.map((name) => [name, parts[name]])));
}
