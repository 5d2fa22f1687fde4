import type { Plugin } from "./plugin.ts";

/** The members of a plugin that are functions. */
export type HookName = {
  [K in keyof Plugin]-?: NonNullable<Plugin[K]> extends (...args: never[]) => unknown ? K : never;
}[keyof Plugin];

/** What a hook is, as far as the executor has to know before it calls one. */
export interface HookTraits {
  /**
   * What it is asked about: a `table` that a query names, a query `block`, the `execution` of a query;
   * or it only informs: hooks of their plugin (`support`), or nobody (`lifecycle`).
   */
  readonly about: "table" | "block" | "execution" | "support" | "lifecycle";
  /** Whether it is taken from the plugin itself only, and not from what `setup` returns. */
  readonly ofPlugin?: true;
  /** Whether it changes or checks what is written or shown of a statement's target. */
  readonly writes?: true;
  /** What a plugin with this hook does to a table, in words. */
  readonly effect?: string;
}

/**
 * Every hook. Which are validated, which make a table one with rules, and what `describeExecutor`
 * says of them derives from here: a hook that is added to {@linkcode Plugin} does not compile until it
 * has its line.
 */
export const HOOKS: Readonly<Record<HookName, HookTraits>> = {
  filter: { about: "table", effect: "filters rows" },
  stamp: { about: "table", writes: true, effect: "sets columns of rows that are written" },
  check: { about: "table", writes: true, effect: "checks rows that are written" },
  mask: { about: "table", writes: true, effect: "masks columns" },
  rewriteDelete: { about: "table", effect: "rewrites or denies DELETE" },
  interceptQuery: { about: "block", ofPlugin: true },
  aroundQuery: { about: "execution" },
  aroundStream: { about: "execution" },
  appliesTo: { about: "support" },
  callerMayChange: { about: "support" },
  copies: { about: "support" },
  callerOf: { about: "support" },
  describe: { about: "support" },
  discover: { about: "support" },
  explain: { about: "support" },
  governs: { about: "support" },
  optionNames: { about: "support" },
  warn: { about: "support" },
  setup: { about: "lifecycle", ofPlugin: true },
  onInit: { about: "lifecycle", ofPlugin: true },
  onDestroy: { about: "lifecycle", ofPlugin: true },
  extendRepository: { about: "lifecycle", ofPlugin: true },
};

/** The names of all hooks. */
// The keys are those of the record.
export const HOOK_NAMES: readonly HookName[] = Object.keys(HOOKS) as HookName[];

/** The hooks about tables, whose results rewrite a query. */
export type TableHook = "filter" | "stamp" | "check" | "mask" | "rewriteDelete";

/** The names of the hooks about tables. */
// The type lists those that the table says are about tables; a test holds the two together.
export const TABLE_HOOKS: readonly TableHook[] = HOOK_NAMES.filter((name) =>
  HOOKS[name].about === "table"
) as TableHook[];
